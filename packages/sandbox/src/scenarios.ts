/**
 * One table for every client: what goes wrong, what a client is to say of it under each delivery policy, and what the
 * server is to have seen. Plain data, and one function that plays a row against a sandbox.
 */
import type {
  FaultSpec,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxSettings,
} from "./types.ts"

/** Says what a client may send again: only what is provably not processed, or also what is in doubt (D7). */
export type DeliveryPolicy = "at-most-once" | "natural-key"

/** Says what the sandbox does with a create of a contact that exists (D3). */
export type Treatment = "reject" | "merge" | "duplicate"

/** What a client says of a create: a result, or an error by its name and what became of the contact. */
export type ScenarioAnswer =
  | { readonly result: string }
  | { readonly error: { readonly name: string; readonly outcome: string } }

/** The contact of a create, as on the wire (W3). */
export interface ScenarioContact {
  readonly firstName: string
  readonly lastName?: string
  readonly phone?: string
  readonly email?: string
  readonly language?: string
  readonly profilePic?: string
  readonly countryCode?: string
  readonly custom_fields?: ReadonlyArray<{ readonly name: string; readonly value: string }>
}

/** The client under test, one per variant. */
export interface ScenarioClient {
  /** Creates one contact; resolves for errors too. */
  readonly create: (
    identifier: string,
    contact: ScenarioContact,
    options: { readonly delivery: DeliveryPolicy },
  ) => Promise<ScenarioAnswer>
}

/** What the server saw: complete requests, contacts created, creates merged into a contact. */
export interface ScenarioLedger {
  readonly posts: number
  readonly created: number
  readonly merged: number
}

/** What is to come of a scenario. */
export interface Expected {
  readonly answer: ScenarioAnswer
  readonly ledger: ScenarioLedger
}

/** How the client under test is to be set; times are in milliseconds. */
export interface ScenarioClientSettings {
  /** Resends after the first attempt. */
  readonly retries: number
  /** To the first byte of one attempt's answer. */
  readonly timeoutMs: number
  /** The longest `Retry-After` that is waited for. */
  readonly maxWaitMs: number
  /** Before a contact in doubt is sent again; a longer one changes no result. */
  readonly doubtDelayMs: number
}

/** One row of the table. */
export interface Scenario {
  readonly name: string
  readonly identifier: string
  readonly contact: ScenarioContact
  readonly token: string
  /** The script of the server: the faults that wait for the create, in this order. */
  readonly faults: ReadonlyArray<FaultSpec>
  /** Other settings of the sandbox. */
  readonly settings: SandboxSettings
  /** Whether a contact with this identifier is there before. */
  readonly exists: boolean
  /** Whether the sandbox is closed before the create. */
  readonly down: boolean
  /** `phase`: only a client that knows whether its request has left can say this. */
  readonly requires?: "phase"
  readonly client: ScenarioClientSettings
  /** By policy; by treatment where what the server does with an existing contact matters. */
  readonly expected: {
    readonly [Policy in DeliveryPolicy]: Expected | { readonly [T in Treatment]: Expected }
  }
}

/** A scenario under one policy and one treatment. */
export interface Variant extends Omit<Scenario, "expected"> {
  /** Unique in the table. */
  readonly title: string
  readonly delivery: DeliveryPolicy
  readonly existing: Treatment
  readonly expected: Expected
}

const page: ScenarioContact = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

const usual: ScenarioClientSettings = {
  retries: 3,
  timeoutMs: 10_000,
  maxWaitMs: 5000,
  doubtDelayMs: 1000,
}

const created: ScenarioAnswer = { result: "created" }
const existsAfterDoubt: ScenarioAnswer = { result: "exists_after_doubt" }
const fails = (name: string, outcome: "not_sent" | "rejected" | "unknown"): ScenarioAnswer => ({
  error: { name, outcome },
})
const invalid = fails("InvalidContactError", "not_sent")
const refused = fails("BadRequestError", "rejected")
const unauthorized = fails("AuthenticationError", "rejected")
const tooMany = fails("RateLimitError", "rejected")
const serverError = fails("InternalServerError", "unknown")
const lost = fails("OutcomeUnknownError", "unknown")
const unreadable = fails("UnexpectedResponseError", "unknown")

const saw = (
  answer: ScenarioAnswer,
  posts: number,
  contacts: number,
  merged: number = 0,
): Expected => ({ answer, ledger: { posts, created: contacts, merged } })

type Row = Partial<Omit<Scenario, "faults" | "client" | "expected">> &
  Pick<Scenario, "name" | "expected"> & {
    readonly faults?: ReadonlyArray<FaultSpec | string>
    readonly client?: Partial<ScenarioClientSettings>
  }

const row = ({ client, faults = [], ...rest }: Row): Scenario => ({
  identifier: "email:test@example.com",
  contact: page,
  token: "sandbox_ok",
  settings: {},
  exists: false,
  down: false,
  ...rest,
  faults: faults.map((fault) => (typeof fault === "string" ? { preset: fault } : fault)),
  client: { ...usual, ...client },
})

/** The policy makes no difference. */
const either = (expected: Expected | { readonly [T in Treatment]: Expected }) => ({
  "at-most-once": expected,
  "natural-key": expected,
})

const byPolicy = (
  atMostOnce: Expected,
  naturalKey: Expected | { readonly [T in Treatment]: Expected },
) => ({ "at-most-once": atMostOnce, "natural-key": naturalKey })

/** The first attempt made the contact: what the second comes to is the server's choice. */
const again: { readonly [T in Treatment]: Expected } = {
  reject: saw(existsAfterDoubt, 2, 1),
  merge: saw(created, 2, 1, 1),
  duplicate: saw(created, 2, 2),
}

/** An answer is lost or unreadable once, with and without the contact being created. */
const doubtful = (
  name: string,
  preset: string,
  answer: ScenarioAnswer,
): ReadonlyArray<Scenario> => [
  row({
    name: `${name}, the contact created`,
    faults: [`${preset}-after-x1`],
    expected: byPolicy(saw(answer, 1, 1), again),
  }),
  row({
    name: `${name}, the contact not created`,
    faults: [`${preset}-before-x1`],
    expected: byPolicy(saw(answer, 1, 0), saw(created, 2, 1)),
  }),
]

/** Lists the scenarios. */
export const scenarios: ReadonlyArray<Scenario> = [
  // the documented answers
  row({ name: "an honest server", expected: either(saw(created, 1, 1)) }),
  row({
    name: "a phone as identifier",
    identifier: "phone:+60121233112",
    contact: { firstName: "Ana" },
    expected: either(saw(created, 1, 1)),
  }),
  row({
    name: "a contact id that needs encoding",
    identifier: "id:a/b?c#d%e",
    contact: { firstName: "Ana" },
    expected: either(saw(created, 1, 1)),
  }),
  row({
    name: "an identifier that is none",
    identifier: "email:ana@",
    expected: either(saw(invalid, 0, 0)),
  }),
  row({
    name: "a blank first name",
    contact: { firstName: " " },
    expected: either(saw(invalid, 0, 0)),
  }),
  row({ name: "a 400", faults: ["400"], expected: either(saw(refused, 1, 0)) }),
  row({
    name: "a 400 with an object as message",
    faults: ["object-message"],
    expected: either(saw(refused, 1, 0)),
  }),
  row({
    name: "a token that is refused",
    token: "sandbox_401",
    expected: either(saw(unauthorized, 1, 0)),
  }),
  row({
    name: "a contact that exists",
    exists: true,
    expected: either({
      reject: saw(refused, 1, 0),
      merge: saw(created, 1, 0, 1),
      duplicate: saw(created, 1, 1),
    }),
  }),
  row({
    name: "a contact that exists, told by a 409",
    exists: true,
    settings: { existing: "reject=409" },
    expected: either(saw(refused, 1, 0)),
  }),
  row({
    name: "a contact that exists, told by an object",
    exists: true,
    settings: { existing: "reject=object" },
    expected: either(saw(refused, 1, 0)),
  }),
  row({
    name: "a contact that exists, told by a 403",
    exists: true,
    settings: { existing: "reject=403" },
    expected: either(saw(fails("UnexpectedResponseError", "rejected"), 1, 0)),
  }),
  // the rate limit
  row({
    name: "a 429 that names a short wait, twice",
    faults: ["429-200ms-x2"],
    expected: either(saw(created, 3, 1)),
  }),
  row({
    name: "a 429 that names a date in the past",
    faults: [{ status: 429, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT", times: 1 }],
    expected: either(saw(created, 2, 1)),
  }),
  row({
    name: "a 429 without any of its headers",
    faults: ["no-headers-429-x1"],
    expected: either(saw(created, 2, 1)),
  }),
  row({
    name: "a 429 that names nonsense",
    faults: [{ status: 429, retryAfter: "soon", times: 1 }],
    expected: either(saw(created, 2, 1)),
  }),
  row({
    name: "a 429 that never ends",
    faults: ["429-100ms"],
    expected: either(saw(tooMany, 4, 0)),
  }),
  row({
    name: "a 429 that names a longer wait than the client makes",
    faults: ["429-7s"],
    expected: either(saw(tooMany, 1, 0)),
  }),
  row({
    name: "a 429 and no retries",
    faults: ["429-100ms"],
    client: { retries: 0 },
    expected: either(saw(tooMany, 1, 0)),
  }),
  // errors of the server
  ...doubtful("a 500", "500", serverError),
  ...doubtful("a 503", "503", serverError),
  ...doubtful("a page of a gateway with 502", "html-502", serverError),
  row({
    name: "a 500 that never ends",
    faults: ["500"],
    expected: byPolicy(saw(serverError, 1, 0), saw(lost, 2, 0)),
  }),
  row({
    name: "a 500 and no retries",
    faults: ["500"],
    client: { retries: 0 },
    expected: either(saw(serverError, 1, 0)),
  }),
  // lost answers
  ...doubtful("a connection that is reset", "drop", lost),
  ...doubtful("a connection that is closed", "fin", lost),
  ...doubtful("an answer that is not HTTP", "garbage", lost),
  ...doubtful("a 408", "408", lost),
  ...["stall-after", "stall-before"].map((preset) =>
    row({
      name: `an answer that never comes, the contact ${preset === "stall-after" ? "" : "not "}created`,
      faults: [`${preset}-x1`],
      client: { timeoutMs: 1000 },
      expected:
        preset === "stall-after"
          ? byPolicy(saw(lost, 1, 1), again)
          : byPolicy(saw(lost, 1, 0), saw(created, 2, 1)),
    }),
  ),
  row({
    name: "a connection that is reset and no retries",
    faults: ["drop"],
    client: { retries: 0 },
    expected: either(saw(lost, 1, 1)),
  }),
  row({
    name: "a server that is blind to its newest contact for a moment",
    faults: ["drop-x1"],
    settings: { lagMs: 300 },
    expected: byPolicy(saw(lost, 1, 1), saw(existsAfterDoubt, 2, 1)),
  }),
  row({
    name: "a server that stays blind to its newest contact",
    faults: ["drop-x1"],
    settings: { lagMs: 600_000 },
    expected: byPolicy(saw(lost, 1, 1), saw(created, 2, 2)),
  }),
  // a doubt stays, whatever is answered later
  row({
    name: "a lost answer, then a 400",
    faults: ["drop-before-x1", "400-x1"],
    expected: byPolicy(saw(lost, 1, 0), saw(lost, 2, 0)),
  }),
  row({
    name: "a lost answer, then a 401",
    faults: ["drop-before-x1", "401-x1"],
    expected: byPolicy(saw(lost, 1, 0), saw(lost, 2, 0)),
  }),
  row({
    name: "a lost answer, then a 409 that says that it exists",
    faults: [
      "drop-x1",
      { status: 409, body: { code: 409, message: "Contact already exists" }, times: 1 },
    ],
    expected: byPolicy(saw(lost, 1, 1), saw(existsAfterDoubt, 2, 1)),
  }),
  row({
    name: "a lost answer, then a longer wait than the client makes",
    faults: ["drop-before-x1", "429-7s-x1"],
    expected: byPolicy(saw(lost, 1, 0), saw(lost, 2, 0)),
  }),
  // successes that cannot be verified
  ...doubtful("a 200 whose JSON is cut", "badjson", unreadable),
  ...doubtful("a 200 without a body", "empty", unreadable),
  ...doubtful("a 200 that is an array", "array", unreadable),
  ...doubtful("a 200 with less than its Content-Length", "truncate-length", unreadable),
  ...doubtful("a 200 without its last chunk", "truncate-chunked", unreadable),
  ...doubtful("a 200 that ends with the connection, halfway", "truncate-close", unreadable),
  ...doubtful("a 200 whose body says that it failed", "other-code", unreadable),
  ...doubtful("a 200 of a guest network", "portal", unreadable),
  row({
    name: "a 200 with ten megabytes",
    faults: ["large-body-x1"],
    client: { retries: 0 },
    expected: either(saw(unreadable, 1, 1)),
  }),
  row({
    name: "a 200 with a compressed bomb",
    faults: ["gzip-bomb-x1"],
    client: { retries: 0 },
    expected: either(saw(unreadable, 1, 1)),
  }),
  ...["302", "307"].map((status) =>
    row({
      name: `a redirect by ${status}`,
      faults: [status],
      client: { retries: 0 },
      expected: either(saw(unreadable, 1, 0)),
    }),
  ),
  // oddities that change nothing
  ...["number-code", "no-code", "bom", "gzip", "201", "slow-50ms"].map((preset) =>
    row({
      name: `a success that is odd: ${preset}`,
      faults: [preset],
      expected: either(saw(created, 1, 1)),
    }),
  ),
  ...["403", "404", "418", "422"].map((status) =>
    row({
      name: `a status that is not documented: ${status}`,
      faults: [status],
      expected: either(saw(fails("UnexpectedResponseError", "rejected"), 1, 0)),
    }),
  ),
  // before anything has left
  row({
    name: "a server that is down",
    down: true,
    requires: "phase",
    client: { retries: 1 },
    expected: either(saw(fails("ConnectionError", "not_sent"), 0, 0)),
  }),
]

const treatments = ["reject", "merge", "duplicate"] as const

const isByTreatment = (
  expected: Expected | { readonly [T in Treatment]: Expected },
): expected is { readonly [T in Treatment]: Expected } => "merge" in expected

/** Lists the rows to run: each scenario under each policy, and under each treatment where that matters. */
export const variants: ReadonlyArray<Variant> = scenarios.flatMap(({ expected, ...scenario }) =>
  (["at-most-once", "natural-key"] as const).flatMap((delivery): ReadonlyArray<Variant> => {
    const wanted = expected[delivery]
    const title = `${scenario.name}, ${delivery}`
    return isByTreatment(wanted)
      ? treatments.map((existing) => ({
          ...scenario,
          title: `${title}, ${existing}`,
          delivery,
          existing,
          expected: wanted[existing],
        }))
      : [{ ...scenario, title, delivery, existing: "reject", expected: wanted }]
  }),
)

/** What `play` asks of a sandbox; every `Sandbox` is one. */
export interface ScenarioSandbox {
  readonly baseUrl: string
  readonly reset: () => void
  readonly configure: (settings: SandboxSettings) => void
  readonly fail: (fault: FaultSpec) => unknown
  readonly ledger: () => ReadonlyArray<ScenarioLedger>
  readonly exchange: (request: SandboxExchangeRequest) => SandboxExchange
  readonly close: () => Promise<void>
}

const total = (sandbox: ScenarioSandbox): ScenarioLedger => {
  const entries = sandbox.ledger()
  const sum = (name: keyof ScenarioLedger) => entries.reduce((all, entry) => all + entry[name], 0)
  return { posts: sum("posts"), created: sum("created"), merged: sum("merged") }
}

const seed = (sandbox: ScenarioSandbox, identifier: string): void => {
  sandbox
    .exchange({
      method: "POST",
      url: `${sandbox.baseUrl}/contact/${encodeURIComponent(identifier)}`,
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Before"}',
    })
    .respond()
}

/**
 * Plays one variant: empties the sandbox, sets it up, lets the client create, and says what came of it. Compare that with
 * the variant's `expected`.
 *
 * **Details**
 *
 * Takes a sandbox that nobody else uses meanwhile, and a client set up with the variant's `token` and `client`. Closes
 * the sandbox where the variant is `down`. Rejects where the client does.
 */
export const play = async (
  variant: Variant,
  sandbox: ScenarioSandbox,
  client: ScenarioClient,
): Promise<Expected> => {
  sandbox.reset()
  sandbox.configure({ existing: variant.existing, ...variant.settings })
  if (variant.exists) seed(sandbox, variant.identifier)
  const before = total(sandbox)
  for (const fault of variant.faults) sandbox.fail(fault)
  if (variant.down) await sandbox.close()
  const { contact, delivery, identifier } = variant
  const answer = await client.create(identifier, contact, { delivery })
  const after = total(sandbox)
  return {
    answer,
    ledger: {
      posts: after.posts - before.posts,
      created: after.created - before.created,
      merged: after.merged - before.merged,
    },
  }
}
