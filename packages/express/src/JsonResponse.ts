/** Writes status, headers and JSON of the responses that the blocks send. */
import type { Response } from "express"

/** Sets status and headers; no cache may keep the response. */
export const setHeaders = (
  res: Response,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void => {
  res.statusCode = status
  res.setHeader("Cache-Control", "no-store")
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}

/** Sends JSON, unless the response has begun. */
export const sendJson = (res: Response, body: unknown, type = "application/json"): void => {
  if (res.headersSent || res.writableEnded) return
  const text = JSON.stringify(body)
  res.setHeader("Content-Type", `${type}; charset=utf-8`)
  res.setHeader("X-Content-Type-Options", "nosniff")
  res.setHeader("Content-Length", Buffer.byteLength(text))
  res.end(text)
}
