import { assert, describe, it } from "@effect/vitest"

import { makeSharedStore } from "../src/shared-store.ts"
import { admit, makeStore } from "./stores.ts"

describe("makeSharedStore", () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined, "2"])(
    "throws for %s instances",
    (instances) => {
      assert.throws(
        // safe: the types do not allow it
        () => makeSharedStore(makeStore().exchange, instances as number),
        TypeError,
        "`instances` must be an integer of at least 1",
      )
    },
  )

  it("keeps one state for each key", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    assert.deepStrictEqual(await Promise.all([admit(store, "a"), admit(store, "b")]), [1, 1])
    assert.sameMembers([...at.records.keys()], ["a", "b"])
    assert.strictEqual(store.recheckMs, 250)
    assert.strictEqual(store.connection?.(), "connected")
  })

  it("says how long a change takes once it has seen a reply", async () => {
    const store = makeSharedStore(makeStore().exchange, 2)
    assert.strictEqual(store.changeMs?.(), 0)
    await admit(store)
    // a process waits so long for another: for its timer, and for two round trips
    assert.isAtLeast(store.changeMs?.() ?? 0, 5)
  })

  it("is alone if the store of any key fails", async () => {
    const at = makeStore()
    const store = makeSharedStore(
      (key, ...rest) =>
        key === "b" ? Promise.reject(new Error("down")) : at.exchange(key, ...rest),
      2,
    )
    await admit(store, "a")
    assert.strictEqual(store.connection?.(), "connected")
    await admit(store, "b")
    assert.strictEqual(store.connection?.(), "alone")
  })
})
