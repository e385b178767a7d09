/**
 * One table for every client: what goes wrong, what a client must report under each delivery policy, and what the server
 * must have seen. Plain data, and one function that plays a row against a sandbox.
 */
import { documentedRows } from "./scenarios/DocumentedRows.ts"
import { doubtRows } from "./scenarios/DoubtRows.ts"
import { rateLimitRows } from "./scenarios/RateLimitRows.ts"
import type {
  Expected,
  ExpectedByTreatment,
  Scenario,
  ScenarioClient,
  ScenarioLedger,
  Variant,
} from "./scenarios/types.ts"
import { undocumentedRows } from "./scenarios/UndocumentedRows.ts"
import type {
  FaultSpec,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxSettings,
} from "./types.ts"

export type {
  DeliveryPolicy,
  Expected,
  ExpectedByTreatment,
  Scenario,
  ScenarioClient,
  ScenarioClientSettings,
  ScenarioContact,
  ScenarioLedger,
  ScenarioReport,
  Treatment,
  Variant,
} from "./scenarios/types.ts"

/** Lists the scenarios. */
export const scenarios: ReadonlyArray<Scenario> = [
  ...documentedRows,
  ...rateLimitRows,
  ...doubtRows,
  ...undocumentedRows,
]

const treatments = ["reject", "merge", "duplicate"] as const

const isByTreatment = (expected: Expected | ExpectedByTreatment): expected is ExpectedByTreatment =>
  "merge" in expected

/** Lists the variants to play: each scenario under each policy, and under each treatment if that matters. */
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

/** The methods of a sandbox that `play` needs; every `Sandbox` has them. */
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
 * Plays one variant: resets and configures the sandbox, lets the client create, and returns what the client reported and
 * the server saw. Compare that with the variant's `expected`.
 *
 * **Details**
 *
 * The sandbox must not be used by anything else meanwhile, and the client must use the variant's `token` and `client`
 * settings. Closes the sandbox if the variant is `down`. Rejects if the client does.
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
  const report = await client.create(identifier, contact, { delivery })
  const after = total(sandbox)
  return {
    report,
    ledger: {
      posts: after.posts - before.posts,
      created: after.created - before.created,
      merged: after.merged - before.merged,
    },
  }
}
