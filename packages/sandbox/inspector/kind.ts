/** Returns words and sentences for how a request ended. */
import type { SandboxRequest } from "../src/api/types.ts"

/** How a request ended, as a class of the style sheet. */
export type Kind = "ok" | "rejected" | "rate-limited" | "failed" | "cut" | "waiting"

/** The kinds of requests that have ended, and their labels. */
export const kinds: ReadonlyArray<readonly [Kind, string]> = [
  ["ok", "2xx"],
  ["rejected", "4xx"],
  ["rate-limited", "429"],
  ["failed", "5xx"],
  ["cut", "cut"],
]

/** Returns how a request ended. */
export const kindOf = ({ phase, status }: SandboxRequest): Kind => {
  if (phase === "waiting") return "waiting"
  if (phase !== "responded" || status === undefined) return "cut"
  if (status === 429) return "rate-limited"
  return status >= 500 ? "failed" : status >= 300 ? "rejected" : "ok"
}

/** Returns the reason of a response in a few words: the fault, the first issue, or the result for the contact. */
export const reasonOf = ({ fault, issues, result, status, token }: SandboxRequest): string => {
  if (fault !== undefined) return `fault ${fault}`
  const [first, ...more] = issues ?? []
  if (first !== undefined) return first.code + (more.length === 0 ? "" : ` +${more.length}`)
  if (status === 401) return `token ${token}`
  if (status === 429) return "rate limit"
  return result ?? ""
}

const missing = "No byte of the response left: "
const half = "Only the head and half of the body left; this is all of it:"
const deliveries: Readonly<Record<string, string>> = {
  drop: `${missing}the connection was reset.`,
  fin: `${missing}the connection was closed.`,
  stall: `${missing}the connection stays open until the client leaves.`,
  garbage: `${missing}bytes that are not HTTP were sent.`,
  raw: `${missing}the bytes of the fault were sent.`,
  "stall-body": half,
  "truncate-length": half,
  "truncate-chunked": half,
  "truncate-close": half,
}

/** Returns how much of the response left, unless all of it did. */
export const endingOf = ({ delivery, phase }: SandboxRequest): string | undefined =>
  (delivery === undefined ? undefined : deliveries[delivery]) ??
  (phase === "waiting"
    ? "The response has not left yet."
    : phase === "gone"
      ? "The client left before the whole response did."
      : undefined)
