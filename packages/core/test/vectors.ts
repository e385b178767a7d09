/** Scripts of server responses and the outcome of a call under each, run against both the client and `RateLimitSchedule`. */
import type { CreateOptions } from "../src/AelystClient.ts"
import type { ClientOptions } from "../src/call/ClientOptions.ts"
import type { Step } from "./scripted.ts"
import * as Scripted from "./scripted.ts"

const { failing, lost, ok, rateLimited, status, unreachable } = Scripted
const exists = status(400, "Contact already exists")

/** A timer of whole milliseconds waits for up to one more. */
export const rounding = 1

export interface Vector {
  readonly name: string
  readonly script: ReadonlyArray<Step>
  readonly options?: ClientOptions
  readonly call?: CreateOptions
  readonly sends: number
  readonly result: string
  /** The minimum time between each request and the one before it, in milliseconds. */
  readonly least?: ReadonlyArray<number>
  /** The maximum of the same times. */
  readonly most?: ReadonlyArray<number>
  /** The wait that the error names, in milliseconds. */
  readonly retryAfterMs?: number
  /** The transport does not report its phase. */
  readonly blind?: boolean
}

const natural: ClientOptions = { delivery: "natural-key" }

export const vectors: ReadonlyArray<Vector> = [
  // a contact that exists
  {
    name: "fails if the contact exists",
    script: [exists],
    sends: 1,
    result: "BadRequestError rejected",
  },
  {
    name: "accepts a contact that exists if the call says so",
    script: [exists],
    call: { existing: "accept" },
    sends: 1,
    result: "existed",
  },
  {
    name: "accepts a contact that exists after a 429, since a 429 is no doubt",
    script: [rateLimited("1"), exists],
    call: { existing: "accept" },
    sends: 2,
    result: "existed",
  },
  {
    name: "accepts with `retries: 0` too",
    script: [exists],
    options: { retries: 0 },
    call: { existing: "accept" },
    sends: 1,
    result: "existed",
  },
  {
    name: "still tells a contact that exists after doubt apart",
    script: [lost, exists],
    options: natural,
    call: { existing: "accept" },
    sends: 2,
    result: "exists_after_doubt",
  },
  {
    name: "accepts no other rejection",
    script: [status(400)],
    call: { existing: "accept" },
    sends: 1,
    result: "BadRequestError rejected",
  },
  // at-most-once
  { name: "creates at the first attempt (W5)", script: [ok], sends: 1, result: "created" },
  {
    name: "waits as Retry-After says after a 429 and creates (W8)",
    script: [rateLimited("2"), ok],
    sends: 2,
    result: "created",
    least: [2_000],
    most: [2_250],
  },
  {
    name: "waits 1 s after a 429 without Retry-After (D8)",
    script: [rateLimited(), ok],
    sends: 2,
    result: "created",
    least: [1_000],
    most: [1_250],
  },
  {
    name: "doubles the wait with each 429 without Retry-After (D8)",
    script: [rateLimited(), rateLimited(), rateLimited(), ok],
    sends: 4,
    result: "created",
    least: [1_000, 2_000, 4_000],
    most: [1_250, 2_300, 4_300],
  },
  ...(
    [
      ["1.5", 1_500],
      ["2s", 2_000],
      ["1m", 60_000],
      ['"3"', 3_000],
      ["1, 4", 4_000],
      ["Thu, 1 Jan 1970 00:00:05 +0000", 5_000],
    ] as const
  ).map(([form, ms]) => ({
    name: `waits ${ms} ms for a Retry-After of ${form} (D8)`,
    script: [rateLimited(form, { date: "Thu, 01 Jan 1970 00:00:00 GMT" }), ok],
    call: { deadline: 120_000 },
    sends: 2,
    result: "created",
    least: [ms],
    most: [ms + 250],
  })),
  {
    name: "waits until an epoch time, by the server's clock (D8, R16)",
    script: [rateLimited("1790000005", { date: "Mon, 21 Sep 2026 14:13:20 GMT" }), ok],
    sends: 2,
    result: "created",
    least: [5_000],
    most: [5_250],
  },
  {
    name: "waits 1 s for a Retry-After beyond 31 days (D8)",
    script: [rateLimited("9999999999"), ok],
    sends: 2,
    result: "created",
    least: [1_000],
    most: [1_250],
  },
  {
    name: "waits at least 100 ms for a Retry-After of 0 (D8)",
    script: [rateLimited("0"), ok],
    sends: 2,
    result: "created",
    least: [100],
  },
  {
    name: "fails with the rate-limit error once its resends are used up",
    script: [rateLimited("1")],
    sends: 4,
    result: "RateLimitError rejected",
  },
  {
    name: "fails at once when Retry-After is longer than the caller waits",
    script: [rateLimited("61"), ok],
    sends: 1,
    result: "RateLimitError rejected",
    retryAfterMs: 61_000,
  },
  {
    name: "fails at once when Retry-After is longer than the time left",
    script: [rateLimited("20"), ok],
    call: { deadline: "10 seconds" },
    sends: 1,
    result: "RateLimitError rejected",
    retryAfterMs: 20_000,
  },
  {
    name: "does not wait when maxWait is 0",
    script: [rateLimited("1"), ok],
    call: { maxWait: 0 },
    sends: 1,
    result: "RateLimitError rejected",
    retryAfterMs: 1_000,
  },
  {
    name: "does not wait when maxWait is 0, even for a Retry-After of 0 (D8)",
    script: [rateLimited("0"), ok],
    call: { maxWait: 0 },
    sends: 1,
    result: "RateLimitError rejected",
  },
  {
    name: "resends a request that never left, after a backoff",
    script: [unreachable, unreachable, ok],
    sends: 3,
    result: "created",
    most: [250, 500],
  },
  {
    name: "gives up on a host that stays unreachable",
    script: [unreachable],
    sends: 4,
    result: "ConnectionError not_sent",
  },
  {
    name: "waits through a blip of the circuit before a resend",
    script: [unreachable, unreachable, unreachable, unreachable, unreachable, ok],
    options: { retries: 5 },
    sends: 6,
    result: "created",
    least: [0, 0, 0, 0, 1_000],
  },
  {
    name: "does not resend after a certificate error",
    script: [{ fails: "CERT_HAS_EXPIRED", dispatched: false }, ok],
    sends: 1,
    result: "ConnectionError not_sent",
  },
  {
    name: "does not resend after a proxy asked for a password",
    script: [{ fails: "PROXY_AUTHENTICATION_REQUIRED", dispatched: false }, ok],
    sends: 1,
    result: "ConnectionError not_sent",
  },
  {
    name: "never resends a request that may have arrived",
    script: [lost, ok],
    sends: 1,
    result: "OutcomeUnknownError unknown",
  },
  {
    name: "never resends after a 500 (W9)",
    script: [status(500), ok],
    sends: 1,
    result: "InternalServerError unknown",
  },
  {
    name: "never resends after a 503, although it names a wait",
    script: [failing(503, "1"), ok],
    sends: 1,
    result: "InternalServerError unknown",
    retryAfterMs: 1_000,
  },
  {
    name: "never resends after a 408",
    script: [status(408), ok],
    sends: 1,
    result: "OutcomeUnknownError unknown",
  },
  {
    name: "never resends after a 200 that cannot be verified",
    script: [{ status: 200, text: "<html>welcome</html>" }, ok],
    sends: 1,
    result: "UnexpectedResponseError unknown",
  },
  {
    name: "does not resend after a 400 (W6)",
    script: [status(400), ok],
    sends: 1,
    result: "BadRequestError rejected",
  },
  {
    name: "does not resend after a 401 (W7)",
    script: [status(401), ok],
    sends: 1,
    result: "AuthenticationError rejected",
  },
  {
    name: "does not resend after a 403",
    script: [status(403), ok],
    sends: 1,
    result: "UnexpectedResponseError rejected",
  },
  {
    name: "does not follow a redirect",
    script: [{ status: 302, headers: { location: "https://example.com/" } }, ok],
    sends: 1,
    result: "UnexpectedResponseError unknown",
  },
  {
    name: "is in doubt after a timeout without a response",
    script: [{ hangs: true, dispatched: true }, ok],
    call: { timeout: "2 seconds" },
    sends: 1,
    result: "OutcomeUnknownError unknown",
  },
  {
    name: "resends after a connect timeout",
    script: [{ hangs: true, dispatched: false }, ok],
    sends: 2,
    result: "created",
    least: [5_000],
    most: [5_250],
  },
  {
    name: "is in doubt after any failure of a transport that does not report its phase",
    script: [unreachable, ok],
    blind: true,
    sends: 1,
    result: "OutcomeUnknownError unknown",
  },
  // retries 0
  ...(
    [
      ["429", rateLimited("1"), "RateLimitError rejected"],
      ["an unreachable host", unreachable, "ConnectionError not_sent"],
      ["a lost response", lost, "OutcomeUnknownError unknown"],
      ["a 500", status(500), "InternalServerError unknown"],
    ] as const
  ).map(([what, step, result]) => ({
    name: `sends one request for ${what} when retries is 0`,
    script: [step, ok],
    options: { ...natural, retries: 0 },
    sends: 1,
    result,
  })),
  // natural-key
  {
    name: "resends after a lost response, no earlier than the doubt delay",
    script: [lost, ok],
    options: natural,
    sends: 2,
    result: "created",
    least: [5_000],
    most: [5_000],
  },
  {
    name: "returns exists_after_doubt when the resend gets a 400 for an existing contact (D7)",
    script: [lost, exists],
    options: natural,
    sends: 2,
    result: "exists_after_doubt",
  },
  {
    name: "returns exists_after_doubt when the resend gets a 409 (D3)",
    script: [status(500), status(409)],
    options: natural,
    sends: 2,
    result: "exists_after_doubt",
  },
  {
    name: "resends an attempt in doubt only once",
    script: [lost],
    options: natural,
    sends: 2,
    result: "OutcomeUnknownError unknown",
  },
  {
    name: "stays in doubt after a later 401",
    script: [lost, status(401)],
    options: natural,
    sends: 2,
    result: "OutcomeUnknownError unknown last AuthenticationError",
  },
  {
    name: "stays in doubt after a later 400",
    script: [status(503), status(400)],
    options: natural,
    sends: 2,
    result: "OutcomeUnknownError unknown last BadRequestError",
  },
  {
    name: "stays in doubt after a later 429 whose Retry-After is too long",
    script: [lost, rateLimited("3600")],
    options: natural,
    sends: 2,
    result: "OutcomeUnknownError unknown last RateLimitError",
    retryAfterMs: 3_600_000,
  },
  {
    name: "waits for a 429 after a lost response and resolves the doubt",
    script: [lost, rateLimited("2"), exists],
    options: natural,
    sends: 3,
    result: "exists_after_doubt",
    least: [5_000, 2_000],
  },
  {
    name: "stays in doubt while the host is unreachable",
    script: [lost, unreachable],
    options: natural,
    sends: 4,
    result: "OutcomeUnknownError unknown last ConnectionError",
  },
  {
    name: "fails with the first 5xx when the doubt delay does not fit",
    script: [status(502), ok],
    options: natural,
    call: { deadline: "3 seconds" },
    sends: 1,
    result: "InternalServerError unknown",
  },
  {
    name: "resends after a 503 no earlier than its Retry-After (R15)",
    script: [failing(503, "30"), ok],
    options: natural,
    sends: 2,
    result: "created",
    least: [30_000],
    most: [30_250],
  },
  {
    name: "resends after a 503 no earlier than the doubt delay if its Retry-After is shorter",
    script: [failing(503, "1"), ok],
    options: natural,
    sends: 2,
    result: "created",
    least: [5_000],
    most: [5_000],
  },
  {
    name: "fails at once after a 503 whose Retry-After is longer than the caller waits",
    script: [failing(503, "61"), ok],
    options: natural,
    sends: 1,
    result: "InternalServerError unknown",
    retryAfterMs: 61_000,
  },
  {
    name: "does not resend after a 400 under natural-key",
    script: [status(400), ok],
    options: natural,
    sends: 1,
    result: "BadRequestError rejected",
  },
]
