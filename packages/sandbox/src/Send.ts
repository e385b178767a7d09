/** Sends a whole answer through `node:http`, with the headers that every answer has. */
import type { ServerResponse } from "node:http"

import * as Answer from "./Answer.ts"

let dateSecond = -1
let dateText = ""

/** Writes the time of the sandbox's clock as a `Date` header. */
export const httpDate = (now: number): string => {
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}

/** Lists the headers of an answer: its own, and those that keep it from being sniffed or kept. */
export const headersOf = (
  { body, headers, status }: Answer.Answer,
  now: number,
): Record<string, string | number> => ({
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  date: httpDate(now),
  ...headers,
  ...(status !== 204 && status !== 304 && { "content-length": Answer.byteLength(body) }),
})

/** Sends an answer in one piece. */
export const send = ({
  answer,
  close,
  now,
  response,
}: {
  readonly answer: Answer.Answer
  readonly now: number
  readonly response: ServerResponse
  readonly close?: boolean
}): void => {
  if (close === true) response.setHeader("connection", "close")
  response.writeHead(answer.status, headersOf(answer, now))
  response.end(answer.body)
}
