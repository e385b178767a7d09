import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Logger } from "effect"

import { fromPromises } from "../src/adapter.ts"
import { ConfigurationError, Pacer } from "../src/index.ts"
import type { SharedRateLimitStore } from "../src/types.ts"

const memory = () => {
  const states = new Map<string, object>()
  const modify: SharedRateLimitStore["modify"] = async (key, f) => {
    const [result, next] = f(states.get(key), performance.now())
    states.set(key, next)
    return result
  }
  return { states, modify }
}

/** Runs an effect; returns its log, too. */
const logging = async <A>(effect: Effect.Effect<A>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })
  const value = await Effect.runPromise(Effect.provide(effect, Logger.layer([logger])))
  return { lines, value }
}

describe("fromPromises", () => {
  it("keeps the state under the key that an effect returns, or that of the pacer", async () => {
    const { modify, states } = memory()
    await Effect.runPromise(
      fromPromises({ modify }).modify("own", (state) => [0, state ?? nothing]),
    )
    const keyed = fromPromises({ modify }, Effect.succeed("given"))
    await Effect.runPromise(keyed.modify("own", (state) => [0, state ?? nothing]))
    assert.deepStrictEqual([...states.keys()], ["own", "given"])
  })

  it("logs once when the store is lost, and once when it is back", async () => {
    let connection: "connected" | "alone" = "connected"
    const store = fromPromises({ ...memory(), connection: () => connection })
    const step = store.modify("key", (state) => [0, state ?? nothing])
    const { lines } = await logging(
      Effect.gen(function* () {
        yield* step
        connection = "alone"
        yield* step
        yield* step
        connection = "connected"
        yield* step
        yield* step
      }),
    )
    assert.deepStrictEqual(lines, [
      "Warn: the store of the shared rate limit does not answer: this process continues with its share",
      "Info: the store of the shared rate limit answers again",
    ])
  })

  it("shows in the snapshot that a store which rejects is lost, and continues", async () => {
    const { modify } = memory()
    let fails = false
    const store = fromPromises({
      modify: (key, f) => (fails ? Promise.reject(new Error("down")) : modify(key, f)),
    })
    const { lines, value } = await logging(
      Effect.gen(function* () {
        const pacer = yield* Pacer.make({ key: "api", store })
        const ticket = yield* pacer.enter
        const permit = yield* ticket.acquire()
        const before = (yield* pacer.snapshot).shared
        fails = true
        yield* permit.observe({ rateLimited: false, limit: 20, remaining: 19 })
        return [before, yield* pacer.snapshot] as const
      }).pipe(Effect.scoped, Effect.orDie),
    )
    assert.strictEqual(value[0], "connected")
    assert.deepInclude(value[1], { shared: "alone", limit: 20, remaining: 19 })
    assert.lengthOf(lines, 1)
  })

  it("dies with the error of an option", async () => {
    const wrong = new ConfigurationError("sendCommand", "must be another")
    const store = fromPromises({ modify: () => Promise.reject(wrong) })
    const exit = await Effect.runPromiseExit(store.modify("key", () => [0, nothing]))
    assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === wrong)
  })
})

// safe: these steps do not look at it
const nothing = { nowMs: 0 } as Parameters<
  Parameters<Pacer.PacerStore["Service"]["modify"]>[1]
>[0] &
  object
