/** A client that follows the promises of the documentation by the letter, on a sandbox without a port. */
import { validate } from "@aelyst/core"
import * as Result from "effect/Result"

import { Sandbox } from "../src/index.ts"
import { play, variants } from "../src/scenarios.ts"
import type {
  Expected,
  Scenario,
  ScenarioClient,
  ScenarioReport,
  Variant,
} from "../src/scenarios.ts"

const failure = (name: string, outcome: string): ScenarioReport => ({ error: { name, outcome } })

/** How one attempt ended: with a report, with an existing contact, or rate limited; `doubt` if it may have created. */
type End =
  | { readonly report: ScenarioReport; readonly doubt: boolean }
  | { readonly exists: true }
  | { readonly retryAfterMs: number }

const lost: End = { report: failure("OutcomeUnknownError", "unknown"), doubt: true }
const unreadable: End = { report: failure("UnexpectedResponseError", "unknown"), doubt: true }

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""))
  } catch {
    return undefined
  }
}

const waitOf = (header: string | null): number => {
  const seconds = Number(header ?? Number.NaN)
  return Number.isNaN(seconds) ? 1000 : seconds * 1000
}

const readResponse = async (response: Response): Promise<End> => {
  const { headers, status } = response
  const text = await response.text().catch(() => undefined)
  const body = parse(text ?? "")
  if (status === 429) return { retryAfterMs: waitOf(headers.get("retry-after")) }
  if (status === 408) return lost
  if (status >= 500) return { report: failure("InternalServerError", "unknown"), doubt: true }
  if (status === 401) return { report: failure("AuthenticationError", "rejected"), doubt: false }
  if (status === 409 || (status === 400 && /already exists/i.test(text ?? "")))
    return { exists: true }
  if (status === 400) return { report: failure("BadRequestError", "rejected"), doubt: false }
  if (status >= 400) return { report: failure("UnexpectedResponseError", "rejected"), doubt: false }
  if (status >= 300 || text === undefined || text.length > 65_536) return unreadable
  const { code = "200", success } = Object(body)
  const isRead = typeof body === "object" && body !== null && !Array.isArray(body)
  const isCreated = isRead && success !== false && [200, status].includes(Number(code))
  return isCreated ? { report: { result: "created" }, doubt: false } : unreadable
}

const attempt = async (
  sandbox: Sandbox,
  token: string,
  identifier: string,
  contact: unknown,
): Promise<End> => {
  const exchange = sandbox.exchange({
    method: "POST",
    url: `${sandbox.baseUrl}/contact/${encodeURIComponent(identifier)}`,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(contact),
  })
  if (exchange.stalls) return lost
  try {
    return await readResponse(exchange.respond())
  } catch {
    return lost
  }
}

const clientOf = (sandbox: Sandbox, { client, token }: Variant): ScenarioClient => ({
  create: async (identifier, contact, { delivery }) => {
    if (Result.isFailure(validate(identifier, contact)))
      return failure("InvalidContactError", "not_sent")
    const resends = delivery === "natural-key" ? 1 : 0
    let doubts = 0
    for (let left = client.retries; ; left--) {
      const end = await attempt(sandbox, token, identifier, contact)
      if ("exists" in end)
        return doubts > 0
          ? { result: "exists_after_doubt" }
          : failure("BadRequestError", "rejected")
      if ("retryAfterMs" in end) {
        if (left === 0 || end.retryAfterMs > client.maxWaitMs)
          return doubts > 0
            ? failure("OutcomeUnknownError", "unknown")
            : failure("RateLimitError", "rejected")
        await sandbox.advance(end.retryAfterMs)
        continue
      }
      if ("result" in end.report) return end.report
      if (!end.doubt || left === 0 || doubts === resends)
        return doubts > 0 ? failure("OutcomeUnknownError", "unknown") : end.report
      doubts++
      await sandbox.advance(client.doubtDelayMs)
    }
  },
})

/** Lists the variants of these rows that can be played without a port: all but those whose server is down. */
export const variantsOf = (rows: ReadonlyArray<Scenario>): ReadonlyArray<Variant> => {
  const names = new Set(rows.map(({ name }) => name))
  return variants.filter(({ down, name }) => names.has(name) && !down)
}

/** Plays a variant with the model client. */
export const playModel = (variant: Variant): Promise<Expected> => {
  const sandbox = Sandbox.inProcess({ clock: "virtual" })
  return play(variant, sandbox, clientOf(sandbox, variant))
}
