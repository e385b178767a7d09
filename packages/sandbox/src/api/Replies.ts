/**
 * What the engine says where the documentation leaves a choice or a fault asks for something else: forms of
 * `Retry-After`, refusals of contacts that exist, answers bent by a fault.
 */
import * as Answer from "./Response.ts"
import type { Existing, FaultSpec, SandboxSettings } from "../types.ts"

/** A page that answers 200 to whoever followed a redirect of a fault. */
export const REDIRECT_TRAP = "/v1/redirected"

/** Writes `Retry-After` in the form that is asked for (D8). */
export const formatRetryAfter = (
  form: Required<SandboxSettings>["retryAfter"],
  ms: number,
  at: number,
): string | undefined => {
  switch (form) {
    case "integer":
      return String(Math.ceil(ms / 1000))
    case "fraction":
      return String(Math.ceil(ms) / 1000)
    case "date":
      return new Date(Math.ceil((at + ms) / 1000) * 1000).toUTCString()
    case "none":
      return undefined
  }
}

/** Tells that a contact exists, in the way that is asked for (D3). */
export const rejection = (existing: Existing): Answer.Answer => {
  if (existing === "reject=object")
    return Answer.of(
      400,
      undefined,
      JSON.stringify({ code: 400, message: { error: Answer.EXISTS } }),
    )
  const status = existing === "reject=409" ? 409 : existing === "reject=403" ? 403 : 400
  return Answer.of(status, undefined, JSON.stringify({ code: status, message: Answer.EXISTS }))
}

/** Puts what a fault asks for in place of the answer. */
export const bend = (honest: Answer.Answer, spec: FaultSpec | undefined): Answer.Answer => {
  if (spec === undefined) return honest
  const status = spec.status ?? honest.status
  const body =
    spec.body === undefined
      ? spec.status === undefined
        ? honest.body
        : Answer.bodyOf(status)
      : typeof spec.body === "string"
        ? spec.body
        : JSON.stringify(spec.body)
  const headers: Record<string, string> = { ...honest.headers }
  const retryAfter =
    spec.retryAfter === undefined ? (spec.status === 429 ? 1 : null) : spec.retryAfter
  if (retryAfter !== null) headers["retry-after"] = String(retryAfter)
  if (spec.location !== undefined || (status >= 300 && status < 400))
    headers["location"] = spec.location ?? REDIRECT_TRAP
  for (const [name, value] of Object.entries(spec.headers ?? {}))
    headers[name.toLowerCase()] = value
  return { status, headers, body }
}
