/** What stands before a create: a visitor limit and a yes or no. */
import type { Request, RequestHandler, Response } from "express"

import { report } from "./Diagnostics.ts"
import { Refusal } from "./RequestError.ts"
import type { SetupOptions, Verdict } from "./types.ts"

/** Runs a limiter; never settles where it answers by itself. */
export const limit = async (
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

/** Asks a function of the app's; returns whether to go on, throws a `Refusal` for a no that is not answered yet. */
export const ask = async (
  question: ((req: Request, res: Response) => Verdict | Promise<Verdict>) | undefined,
  req: Request,
  res: Response,
): Promise<boolean> => {
  if (question === undefined) return true
  const verdict: unknown = await question(req, res)
  if (res.headersSent || res.writableEnded) return false
  if (verdict === true) return true
  throw new Refusal(verdict === 401 ? "unauthorized" : "forbidden")
}
