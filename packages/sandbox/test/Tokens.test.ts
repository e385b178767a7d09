import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
import * as Tokens from "../src/api/Tokens.ts"
import { create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("tokens over HTTP", () => {
  it.each([
    ["no token", null, {}],
    ["an unknown token", "wrong-token", {}],
    ["a longer unknown token", "x".repeat(5000), {}],
    ["the token that is always rejected", "sandbox_401", {}],
    ["another scheme", null, { authorization: "Basic sandbox_ok" }],
    ["a token without a scheme", null, { authorization: "sandbox_ok" }],
    ["two tokens", null, { authorization: ["Bearer sandbox_ok", "Bearer sandbox_ok"] }],
  ])(
    "W7: it responds to %s with the documented 401 and creates nothing",
    async (_, token, headers) => {
      await using sandbox = await start()
      const reply = await create(sandbox, "id:1", { firstName: "Ana" }, { token, headers })
      assert.strictEqual(reply.status, 401)
      assert.strictEqual(reply.text, '{"code":401,"message":"UN_AUTHORIZED"}')
      assert.deepStrictEqual(sandbox.contacts(), [])
      assert.notInclude(JSON.stringify(sandbox.requests()), "wrong-token")
    },
  )

  it("W7: it accepts the scheme in any case", async () => {
    await using sandbox = await start()
    const headers = { authorization: "bEARER sandbox_ok" }
    assert.strictEqual(
      (await create(sandbox, "id:1", undefined, { token: null, headers })).status,
      200,
    )
  })

  it.each([
    ["sandbox_401", [401, 401, 401]],
    ["sandbox_limit_1", [200, 429, 429]],
    ["sandbox_flaky", [200, 200, 500]],
  ])("the token %s gets %j", async (token, expected) => {
    await using sandbox = await start({ limit: 1000 })
    const seen: Array<number> = []
    for (const id of [1, 2, 3])
      seen.push((await create(sandbox, `id:${id}`, undefined, { token })).status)
    assert.deepStrictEqual(seen, expected)
  })

  it("the token sandbox_slow gets its response two seconds later", async () => {
    await using sandbox = await start()
    const reply = create(sandbox, "id:1", undefined, { token: "sandbox_slow" })
    await sandbox.waitFor(() => sandbox.contacts().length === 1)
    await sandbox.advance(2000)
    assert.strictEqual((await reply).status, 200)
    assert.strictEqual(sandbox.requests()[0]?.ms, 2000)
  })
})

describe("find", () => {
  const table = Tokens.makeTable({ mine: { limit: 3 } })

  it("finds a seeded token and an extra one with its limits", () => {
    assert.propertyVal(Tokens.find(table, "Bearer sandbox_401"), "rejected", true)
    assert.deepInclude(Tokens.find(table, "Bearer mine"), { name: "mine", limits: { limit: 3 } })
  })

  it.each<[string | undefined, "none" | "unknown"]>([
    [undefined, "none"],
    ["", "none"],
    ["Basic sandbox_ok", "none"],
    ["Bearer a b", "none"],
    ["Bearer sandbox_o", "unknown"],
    ["Bearer sandbox_okk", "unknown"],
  ])("returns for the header %s: %s", (header, expected) => {
    assert.strictEqual(Tokens.find(table, header), expected)
  })
})
