import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import type { ScenarioReport, ScenarioClient } from "../src/scenarios.ts"
import { play, scenarios, variants } from "../src/scenarios.ts"

/** Sends once, and names errors only by their status. */
const clientOf = (sandbox: Sandbox, token: string): ScenarioClient => ({
  create: async (identifier, contact): Promise<ScenarioReport> => {
    const response = await sandbox.fetch(
      `${sandbox.baseUrl}/contact/${encodeURIComponent(identifier)}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(contact),
      },
    )
    return response.status === 200
      ? { result: "created" }
      : { error: { name: `status ${response.status}`, outcome: "rejected" } }
  },
})

const playNamed = async (title: string) => {
  const variant = variants.find((one) => one.title === title)
  if (variant === undefined) throw new Error(`there is no ${title}`)
  const sandbox = Sandbox.inProcess()
  const played = await play(variant, sandbox, clientOf(sandbox, variant.token))
  return { played, expected: variant.expected }
}

describe("scenarios", () => {
  it("are plain data", () => {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(scenarios)), scenarios)
  })

  it("have unique names, and so have their variants", () => {
    assert.strictEqual(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
    assert.strictEqual(new Set(variants.map(({ title }) => title)).size, variants.length)
  })

  it("cover each of the nine errors except the one that only a client can cause", () => {
    const names = new Set(
      variants.flatMap(({ expected: { report } }) =>
        "error" in report ? [report.error.name] : [],
      ),
    )
    assert.deepStrictEqual([...names].toSorted(), [
      "AuthenticationError",
      "BadRequestError",
      "ConnectionError",
      "InternalServerError",
      "InvalidContactError",
      "OutcomeUnknownError",
      "RateLimitError",
      "UnexpectedResponseError",
    ])
  })

  it("expect two contacts only if the policy takes the risk and the server accepts duplicates", () => {
    const doubled = variants.filter(({ expected }) => expected.ledger.created > 1)
    assert.isNotEmpty(doubled)
    assert.isTrue(
      doubled.every(
        ({ delivery, existing, settings }) =>
          delivery === "natural-key" && (existing === "duplicate" || settings.lagMs === 600_000),
      ),
    )
  })
})

describe("play", () => {
  it("returns what is expected for a correct client", async () => {
    const { expected, played } = await playNamed("a successful create, at-most-once")
    assert.deepStrictEqual(played, expected)
  })

  it("differs if the client gives an error another name", async () => {
    const { expected, played } = await playNamed("a 400, at-most-once")
    assert.notDeepEqual(played.report, expected.report)
    assert.deepStrictEqual(played.ledger, expected.ledger)
  })

  it("differs if the client believes a captive portal", async () => {
    const { expected, played } = await playNamed(
      "a 200 from a captive portal, contact not created, at-most-once",
    )
    assert.deepStrictEqual(played, {
      report: { result: "created" },
      ledger: { posts: 1, created: 0, merged: 0 },
    })
    assert.notDeepEqual(played.report, expected.report)
  })

  it("does not count the contact that existed before", async () => {
    const { expected, played } = await playNamed("an existing contact, at-most-once, merge")
    assert.deepStrictEqual(played, expected)
  })

  it("treats an existing contact as the variant says", async () => {
    const { expected, played } = await playNamed("an existing contact, at-most-once, duplicate")
    assert.deepStrictEqual(played, expected)
  })
})
