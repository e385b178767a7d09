import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import type { ScenarioAnswer, ScenarioClient } from "../src/scenarios.ts"
import { play, scenarios, variants } from "../src/scenarios.ts"

/** Sends once, and tells errors by the status alone. */
const clientOf = (sandbox: Sandbox, token: string): ScenarioClient => ({
  create: async (identifier, contact): Promise<ScenarioAnswer> => {
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

  it("have a name of their own each, and so have their variants", () => {
    assert.strictEqual(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
    assert.strictEqual(new Set(variants.map(({ title }) => title)).size, variants.length)
  })

  it("cover each of the nine errors but the one that only a client can make", () => {
    const names = new Set(
      variants.flatMap(({ expected: { answer } }) =>
        "error" in answer ? [answer.error.name] : [],
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

  it("expect two contacts only where the policy takes the risk and the server takes duplicates", () => {
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
  it("comes to what is expected with a client that is right", async () => {
    const { expected, played } = await playNamed("an honest server, at-most-once")
    assert.deepStrictEqual(played, expected)
  })

  it("differs where the client calls an error by another name", async () => {
    const { expected, played } = await playNamed("a 400, at-most-once")
    assert.notDeepEqual(played.answer, expected.answer)
    assert.deepStrictEqual(played.ledger, expected.ledger)
  })

  it("differs where the client believes a guest network", async () => {
    const { expected, played } = await playNamed(
      "a 200 of a guest network, the contact not created, at-most-once",
    )
    assert.deepStrictEqual(played, {
      answer: { result: "created" },
      ledger: { posts: 1, created: 0, merged: 0 },
    })
    assert.notDeepEqual(played.answer, expected.answer)
  })

  it("does not count the contact that was there before", async () => {
    const { expected, played } = await playNamed("a contact that exists, at-most-once, merge")
    assert.deepStrictEqual(played, expected)
  })

  it("treats an existing contact as the variant says", async () => {
    const { expected, played } = await playNamed("a contact that exists, at-most-once, duplicate")
    assert.deepStrictEqual(played, expected)
  })
})
