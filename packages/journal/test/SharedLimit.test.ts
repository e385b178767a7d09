import { assert, describe, it } from "@effect/vitest"

import type { Query, SharedLimitOptions } from "../src/shared-limit.ts"
import { sharedLimit } from "../src/shared-limit.ts"

const read = (query: Query) =>
  sharedLimit({ query, instances: 2 }).modify("key", (state) => ["read", state ?? {}])

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
    [{ instances: 2 }, "query"],
    [{ query: "select 1", instances: 2 }, "query"],
    ...[0, -1, 1.5, undefined].map(
      (instances) => [{ query: async () => ({ rows: [] }), instances }, "instances"] as const,
    ),
  ]
  it.each(wrong)("throws for wrong options: %j", async (options, option) => {
    // safe: the types do not allow it
    const error = await rejection((async () => sharedLimit(options as SharedLimitOptions))())
    assert.instanceOf(error, TypeError)
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    assert.propertyVal(error, "option", option)
  })

  it.each([undefined, [], { rows: [] }, { rows: [{ now: "1" }] }])(
    "rejects the first call if the result has no rows of Postgres: %j",
    async (result) => {
      // safe: a function of the user may return anything
      const error = await rejection(read(async () => result as { readonly rows: [] }))
      assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
      assert.propertyVal(error, "option", "query")
    },
  )

  it("rejects the first call if there is no table, and it may not create it", async () => {
    const missing = Object.assign(new Error("relation does not exist"), { code: "42P01" })
    const error = await rejection(read(() => Promise.reject(missing)))
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    assert.include(String(error), "aelyst_shared_limit")
  })
})
