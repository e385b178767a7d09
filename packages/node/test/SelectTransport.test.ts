import { once } from "node:events"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import type { AelystOptions } from "../src/index.ts"
import { isAelystError } from "../src/index.ts"
import * as SelectTransport from "../src/transport/SelectTransport.ts"
import { exchange, phase } from "./exchange.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

const origin = "https://api.test"

describe("SelectTransport.select", () => {
  it("reports the phase with an undici dispatcher of the caller", async () => {
    const { Agent } = await import("undici")
    const agent = new Agent()
    await using at = await setUp({ transport: agent, retries: 0 }, { port: await Ports.own() })
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
    const disconnected = once(agent, "disconnect")
    await at.sandbox.close()
    await disconnected
    const refused = await rejection(at.aelyst.contacts.create("id:7", ana))
    assert.isTrue(isAelystError(refused) && refused.name === "ConnectionError")
    await agent.close()
  })

  it.effect("uses a function as fetch, which reports no phase", () =>
    Effect.gen(function* () {
      const paths: Array<string> = []
      const http = yield* SelectTransport.select(
        {
          transport: async (input) => {
            paths.push(new URL(String(input)).pathname)
            return new Response("{}")
          },
        },
        origin,
      )
      const outcome = yield* exchange(http, origin)
      assert.deepStrictEqual(paths, ["/v1/contact/email:ana@example.com"])
      assert.strictEqual(outcome.status, 200)
      assert.strictEqual(phase(outcome), "unwatched")
    }),
  )

  it("follows no redirect with a function, and counts every failure of the network as unknown", async () => {
    const seen: Array<RequestInit | undefined> = []
    const transport: AelystOptions["transport"] = (input, init) => {
      seen.push(init)
      return fetch(input, init)
    }
    await using at = await setUp({ transport, retries: 0 }, { port: await Ports.own() })
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
    assert.strictEqual(seen[0]?.redirect, "manual")
    at.sandbox.fail({ status: 302, times: 1 })
    const moved = await rejection(at.aelyst.contacts.create("id:6", ana))
    assert.isTrue(isAelystError(moved) && moved.outcome === "unknown")
    await at.sandbox.close()
    const refused = await rejection(at.aelyst.contacts.create("id:7", ana))
    assert.isTrue(isAelystError(refused) && refused.name === "OutcomeUnknownError")
  })

  it.effect("uses the built-in transport by default, which reports the phase", () =>
    Effect.gen(function* () {
      const http = yield* SelectTransport.select({}, "http://127.0.0.1:1")
      assert.strictEqual(phase(yield* exchange(http, "http://127.0.0.1:1")), "unsent")
    }),
  )

  it.effect("uses fetch if the runtime has no undici", () =>
    Effect.gen(function* () {
      const http = yield* SelectTransport.select({}, "http://127.0.0.1:1", false)
      assert.strictEqual(phase(yield* exchange(http, "http://127.0.0.1:1")), "unwatched")
    }),
  )

  it.effect.each([
    ["https://proxy.test", false],
    ["socks5://proxy.test", true],
  ] as const)("fails with the proxy %s if undici is supported: %s", ([proxy, isSupported]) =>
    Effect.gen(function* () {
      const failing = SelectTransport.select({ proxy }, origin, isSupported)
      const { option, code } = yield* Effect.flip(failing)
      assert.deepStrictEqual([option, code], ["proxy", "ERR_AELYST_CONFIG"])
    }),
  )
})
