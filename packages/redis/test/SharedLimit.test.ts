import { assert, describe, it } from "@effect/vitest"

import type { SendCommand, SharedLimitOptions } from "../src/index.ts"
import { sharedLimit } from "../src/index.ts"

const read = (sendCommand: SendCommand) =>
  sharedLimit({ sendCommand, instances: 2 }).modify("key", (state) => ["read", state ?? {}])

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("the promise did not reject")
}

describe("sharedLimit", () => {
  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{ instances: 2 }, "sendCommand"],
    [{ sendCommand: "PING", instances: 2 }, "sendCommand"],
    ...[0, -1, 1.5, undefined].map(
      (instances) => [{ sendCommand: async () => undefined, instances }, "instances"] as const,
    ),
  ]
  it.each(wrong)("throws for wrong options: %j", async (options, option) => {
    // safe: the types do not allow it
    const error = await rejection((async () => sharedLimit(options as SharedLimitOptions))())
    assert.instanceOf(error, TypeError)
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    assert.propertyVal(error, "option", option)
  })

  it.each([undefined, "OK", [], ["aelys", 1], { aelyst: 1 }])(
    "rejects the first call if Redis does not reply so: %j",
    async (reply) => {
      const error = await rejection(read(async () => reply))
      assert.deepInclude(error, { code: "ERR_AELYST_CONFIG", option: "sendCommand" })
    },
  )

  it("rejects the first call if the server does not know the command", async () => {
    const unknown = new Error("ERR unknown command 'EVALSHA', with args beginning with: ")
    const error = await rejection(read(() => Promise.reject(unknown)))
    assert.deepInclude(error, { code: "ERR_AELYST_CONFIG", option: "sendCommand" })
  })

  it("passes the key as second argument, and sends the script once the server lacks it", async () => {
    const seen: Array<[string, string | undefined, string]> = []
    const error = await rejection(
      read(async ([name, script, count, key], second) => {
        seen.push([name, key, second])
        assert.strictEqual(count, "1")
        if (name === "EVALSHA") throw new Error("NOSCRIPT No matching script. Please use EVAL.")
        assert.include(script, "redis.call")
        return undefined
      }),
    )
    assert.deepStrictEqual(seen, [
      ["EVALSHA", "key", "key"],
      ["EVAL", "key", "key"],
    ])
    assert.instanceOf(error, TypeError)
  })
})
