/** Runs the app's checks before a create: a rate limiter, and a guard that decides whether to accept the request. */
import type { Request, RequestHandler, Response } from "express"

import { report } from "./Diagnostics.ts"
import { RequestError } from "./RequestError.ts"
import type { GuardResult, SetupOptions } from "./types.ts"

/** Runs a limiter; never settles if the limiter responds itself. */
export const limitRate = async (
  rate: RequestHandler | undefined,
  req: Request,
  res: Response,
  setup: SetupOptions,
): Promise<void> => {
  if (rate === undefined) return
  const trust: unknown = req.app.get("trust proxy")
  if (trust === true) report(req.app, "trustProxyAll", setup)
  else if ((trust === false || trust === undefined) && "x-forwarded-for" in req.headers)
    report(req.app, "trustProxyUnset", setup)
  await new Promise<void>((resolve, reject) => {
    const next = (error?: unknown) =>
      error === undefined || error === null ? resolve() : reject(error)
    Promise.resolve()
      .then(() => rate(req, res, next))
      .catch(reject)
  })
}

/**
 * Checks whether a guard lets the request through: only `true` does. Returns `false` if the guard has responded itself;
 * throws a `RequestError` for every other result.
 */
export const isAllowed = async (
  guard: ((req: Request, res: Response) => GuardResult | Promise<GuardResult>) | undefined,
  req: Request,
  res: Response,
): Promise<boolean> => {
  if (guard === undefined) return true
  const result: unknown = await guard(req, res)
  if (res.headersSent || res.writableEnded) return false
  if (result === true) return true
  throw new RequestError(result === 401 ? "unauthorized" : "forbidden")
}
