/** Ways to make a create fail, at least one for each of the nine errors, with the response on both sides. */
import { Aelyst } from "@aelyst/node"
import type { AelystOptions } from "@aelyst/node"
import type { FaultSpec } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"

interface Expected {
  readonly status: number
  readonly code: string
  readonly retryAfter?: string
}

export interface Scenario {
  readonly name: string
  readonly error: string
  readonly email?: string
  readonly fault?: FaultSpec
  readonly options?: AelystOptions
  readonly client?: (options: AelystOptions) => Promise<Aelyst>
  /** Whether the API may have seen a request, and whether it made a contact of it. */
  readonly posts: number
  readonly created: number
  readonly handler: Expected
  readonly proxy: Expected
  readonly strict?: Expected
}

const badGateway = (
  code: string,
  wait: Pick<Expected, "retryAfter"> = {},
): Pick<Scenario, "handler" | "proxy"> => ({
  handler: { status: 502, code, ...wait },
  proxy: { status: 502, code, ...wait },
})
const gatewayTimeout = (code: string): Pick<Scenario, "handler" | "proxy"> => ({
  handler: { status: 504, code },
  proxy: { status: 504, code },
})
const rateLimited = (retryAfter: string): Pick<Scenario, "handler" | "proxy"> => ({
  handler: { status: 503, code: "rate_limited", retryAfter },
  proxy: { status: 429, code: "rate_limited", retryAfter },
})
const rejected: Pick<Scenario, "handler" | "proxy"> = {
  handler: { status: 422, code: "contact_refused" },
  proxy: { status: 400, code: "contact_refused" },
}

export const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "an invalid email",
    error: "InvalidContactError",
    email: "ana",
    posts: 0,
    created: 0,
    handler: { status: 422, code: "invalid_contact" },
    proxy: { status: 400, code: "invalid_contact" },
  },
  {
    name: "a 400",
    error: "BadRequestError",
    fault: { status: 400 },
    posts: 1,
    created: 0,
    ...rejected,
  },
  {
    name: "a 409 for an existing contact",
    error: "BadRequestError",
    fault: { status: 409, body: { code: 409, message: "Contact already exists" } },
    posts: 1,
    created: 0,
    handler: { status: 422, code: "already_exists" },
    proxy: { status: 400, code: "already_exists" },
  },
  {
    name: "a rejected token",
    error: "AuthenticationError",
    options: { token: "sandbox_401" },
    posts: 1,
    created: 0,
    ...badGateway("upstream_auth"),
  },
  {
    name: "a 429 of 1.2 seconds",
    error: "RateLimitError",
    fault: { status: 429, retryAfter: 1.2 },
    posts: 1,
    created: 0,
    ...rateLimited("2"),
  },
  {
    name: "a 429 of 7 seconds",
    error: "RateLimitError",
    fault: { status: 429, retryAfter: 7 },
    posts: 1,
    created: 0,
    ...rateLimited("7"),
  },
  {
    name: "a 429 without headers",
    error: "RateLimitError",
    fault: { preset: "no-headers-429" },
    posts: 1,
    created: 0,
    ...rateLimited("1"),
  },
  {
    name: "a 500",
    error: "InternalServerError",
    fault: { status: 500 },
    posts: 1,
    created: 0,
    ...badGateway("upstream_error"),
    strict: { status: 500, code: "upstream_error" },
  },
  {
    name: "a 503 with a Retry-After of 30 seconds",
    error: "InternalServerError",
    fault: { status: 503, retryAfter: 30 },
    posts: 1,
    created: 0,
    ...badGateway("upstream_error", { retryAfter: "30" }),
    strict: { status: 500, code: "upstream_error", retryAfter: "30" },
  },
  {
    name: "a 502 of a gateway, in HTML",
    error: "InternalServerError",
    fault: { preset: "html-502" },
    posts: 1,
    created: 0,
    ...badGateway("upstream_error"),
    strict: { status: 500, code: "upstream_error" },
  },
  {
    name: "an undocumented status",
    error: "UnexpectedResponseError",
    fault: { status: 418 },
    posts: 1,
    created: 0,
    ...badGateway("upstream_unexpected"),
  },
  {
    name: "a 200 of a captive portal",
    error: "UnexpectedResponseError",
    fault: { preset: "portal" },
    posts: 1,
    created: 0,
    ...badGateway("upstream_unexpected"),
  },
  {
    name: "a redirect",
    error: "UnexpectedResponseError",
    fault: { status: 307 },
    posts: 1,
    created: 0,
    ...badGateway("upstream_unexpected"),
  },
  {
    name: "a server that is down",
    error: "ConnectionError",
    client: async (options) =>
      new Aelyst({ ...options, baseUrl: `http://127.0.0.1:${await Ports.own()}/v1` }),
    posts: 0,
    created: 0,
    ...gatewayTimeout("upstream_unreachable"),
  },
  {
    name: "a connection that is cut after the request",
    error: "OutcomeUnknownError",
    fault: { preset: "drop-after" },
    posts: 1,
    created: 1,
    ...gatewayTimeout("outcome_unknown"),
  },
  {
    name: "a closed client",
    error: "UnavailableError",
    client: async (options) => {
      const client = new Aelyst(options)
      await client.close()
      return client
    },
    posts: 0,
    created: 0,
    handler: { status: 503, code: "unavailable", retryAfter: "1" },
    proxy: { status: 503, code: "unavailable", retryAfter: "1" },
  },
]

/** Names a side: a visitor of the handler, a caller of the proxy, or of a strict proxy. */
export const sides = ["handler", "proxy", "strict"] as const
export type Side = (typeof sides)[number]

// a token for each scenario and side, so that the rate limit of one does not stop another
const tokenOf = (scenario: Scenario, side: Side): string =>
  `token_${scenarios.indexOf(scenario)}_${side}`

/** Starts a sandbox that knows the tokens, with the faults for each. */
export const startSandbox = (): Promise<Sandbox> => {
  const tokens = scenarios.flatMap((scenario) =>
    sides.map((side) => ({ scenario, token: tokenOf(scenario, side) })),
  )
  return Sandbox.start({
    extraTokens: Object.fromEntries(tokens.map(({ token }) => [token, { limit: 100 }])),
    faults: tokens.flatMap(({ scenario, token }) =>
      scenario.fault === undefined ? [] : [{ ...scenario.fault, match: { token } }],
    ),
  })
}

/** Creates the client of a scenario, which sends once and does not wait. */
export const clientOf = async (
  scenario: Scenario,
  side: Side,
  sandbox: Sandbox,
): Promise<Aelyst> => {
  const options: AelystOptions = {
    baseUrl: sandbox.baseUrl,
    token: tokenOf(scenario, side),
    retries: 0,
    maxWaitMs: 0,
    ...scenario.options,
  }
  return scenario.client === undefined ? new Aelyst(options) : scenario.client(options)
}

/** Returns the email of a scenario's contact. */
export const emailOf = (scenario: Scenario, side: Side): string =>
  scenario.email ?? `${side}${scenarios.indexOf(scenario)}@example.com`
