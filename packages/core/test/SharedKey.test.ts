import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"

import { OptionError } from "../src/pacing/OptionError.ts"
import { makeSharedStore } from "../src/pacing/SharedStore.ts"
import { admit, admitAll, makeStore, read, respond } from "./stores.ts"

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("the promise did not reject")
}

/** Lets a limit of 10 per second be learned: two windows that turn as predicted. */
const learn = async (store: ReturnType<typeof makeSharedStore>) => {
  for (let window = 0; window < 4; window++) {
    for (let used = 1; used <= 10; used++) {
      const id = await admit(store)
      await vi.advanceTimersByTimeAsync(5)
      if (id !== undefined) await respond(store, id, 10 - used)
    }
    await vi.advanceTimersByTimeAsync(1000)
  }
}

/** Lets processes notice that the store replies, and come back: one step each. */
const comeBack = async (...stores: ReadonlyArray<ReturnType<typeof makeSharedStore>>) => {
  for (const store of [...stores, ...stores]) {
    await read(store)
    await vi.advanceTimersByTimeAsync(1)
  }
}

describe("SharedKey", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it("takes one command for a step that no other process came between", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    const id = await admit(store)
    assert.strictEqual(id, 1)
    // the first one has read the clock and the record
    assert.strictEqual(at.counts.commands, 2)
    await respond(store, 1, 9)
    assert.strictEqual(at.counts.commands, 3)
    assert.strictEqual(at.counts.writes, 2)
  })

  it("applies all functions that wait in one step", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    await respond(store, (await admit(store)) ?? 0, 9)
    await respond(store, (await admit(store)) ?? 0, 8)
    at.counts.commands = 0
    const ids = await Promise.all(Array.from({ length: 8 }, () => admit(store)))
    assert.deepStrictEqual(ids, [3, 4, 5, 6, 7, 8, 9, 10])
    assert.isAtMost(at.counts.commands, 2)
  })

  it("writes nothing when only the time has changed, and reads again after 30 ms", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    await admit(store)
    const { commands, writes } = at.counts
    assert.isUndefined(await admit(store))
    assert.strictEqual(at.counts.commands, commands)
    await vi.advanceTimersByTimeAsync(30)
    assert.isUndefined(await admit(store))
    assert.deepStrictEqual(at.counts, { commands: commands + 1, writes })
  })

  it("gives each permit once, though every second step loses", async () => {
    const at = makeStore()
    at.faults.loses = true
    const [one, other] = [makeSharedStore(at.exchange, 2), makeSharedStore(at.exchange, 2)]
    await respond(one, (await admit(one)) ?? 0, 9)
    await respond(one, (await admit(one)) ?? 0, 8)
    const asked = Array.from({ length: 40 }, (_, i) => admit(i % 2 === 0 ? one : other))
    await vi.advanceTimersByTimeAsync(100)
    const ids = await Promise.all(asked)
    const granted = ids.filter((id) => id !== undefined)
    assert.deepStrictEqual(
      granted.toSorted((a, b) => a - b),
      [3, 4, 5, 6, 7, 8, 9, 10],
    )
    const { state, used } = await read(other)
    assert.strictEqual(used, 10)
    assert.strictEqual(state.inFlight.length, granted.length)
  })

  it("uses the time of the store, as far as it can be measured", async () => {
    const at = makeStore()
    at.faults.latencyMs = 20
    const one = makeSharedStore(at.exchange, 2)
    const first = read(one)
    await vi.advanceTimersByTimeAsync(100)
    assert.closeTo((await first).now, performance.now() - 100 + 20 + at.faults.clockMs, 60)
  })

  it.each(["down", "frozen"] as const)(
    "keeps to its share within 250 ms when the store is %s",
    async (fault) => {
      const at = makeStore()
      const store = makeSharedStore(at.exchange, 4)
      await learn(store)
      at.faults.is = fault
      const first = admit(store)
      await vi.advanceTimersByTimeAsync(251)
      assert.isDefined(await first)
      assert.strictEqual(store.connection?.(), "alone")
      // a quarter of 10, rounded down
      assert.lengthOf(await admitAll(store), 1)
      // a little longer than the window
      await vi.advanceTimersByTimeAsync(1015)
      assert.lengthOf(await admitAll(store), 2)
    },
  )

  it("sends a store that does not reply one command in 2 seconds", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 4)
    await learn(store)
    at.faults.is = "frozen"
    at.counts.commands = 0
    for (let tenths = 0; tenths < 600; tenths++) {
      void admit(store)
      await vi.advanceTimersByTimeAsync(100)
    }
    assert.isAtMost(at.counts.commands, 32)
  })

  it("counts what it sent meanwhile when the store is back, and nothing that came too late", async () => {
    const at = makeStore()
    const [one, other] = [makeSharedStore(at.exchange, 2), makeSharedStore(at.exchange, 2)]
    await learn(one)
    await read(other)
    at.faults.is = "frozen"
    const asked = [admit(one), admit(other)]
    await vi.advanceTimersByTimeAsync(251)
    const sent = await Promise.all(asked)
    sent.push(...(await admitAll(one)), ...(await admitAll(other)))
    assert.lengthOf(sent, 10)
    assert.strictEqual(new Set(sent).size, 10)
    at.thaw()
    await vi.advanceTimersByTimeAsync(300)
    await comeBack(one, other)
    assert.strictEqual(one.connection?.(), "connected")
    assert.strictEqual(other.connection?.(), "connected")
    await vi.advanceTimersByTimeAsync(60)
    assert.strictEqual((await read(one)).used, 10)
    assert.isUndefined(await admit(one))
    // their responses are still read: nine are in use, by all that is known
    for (const id of sent) await respond(one, id ?? 0, 1)
    assert.lengthOf((await read(other)).state.inFlight, 0)
  })

  it("keeps the time of the record if it can read it, but not write its first change", async () => {
    const at = makeStore()
    await learn(makeSharedStore(at.exchange, 2))
    let takesWrites = false
    const store = makeSharedStore(async (key, expected, write) => {
      if (write !== undefined && !takesWrites) throw new Error("the store takes no writes")
      return at.exchange(key, expected, write)
    }, 2)
    assert.isDefined(await admit(store))
    assert.strictEqual(store.connection?.(), "alone")
    takesWrites = true
    await vi.advanceTimersByTimeAsync(1000)
    await comeBack(store)
    assert.strictEqual(store.connection?.(), "connected")
    const { now, state } = await read(store)
    for (const send of [...state.log, ...state.ceilingLog]) assert.isAtMost(send.at, now)
    await vi.advanceTimersByTimeAsync(1000)
    assert.isDefined(await admit(store))
  })

  it("uses only the shares of those that are back, until all are or 5 seconds have passed", async () => {
    const at = makeStore()
    const [one, other] = [makeSharedStore(at.exchange, 3), makeSharedStore(at.exchange, 3)]
    await learn(one)
    at.faults.is = "down"
    for (const store of [one, other]) await read(store)
    at.faults.is = "up"
    await vi.advanceTimersByTimeAsync(1000)
    await comeBack(one)
    const sent = async (store: typeof one) => {
      const all = admitAll(store)
      await vi.advanceTimersByTimeAsync(200)
      const ids = await all
      for (const [index, id] of ids.entries()) await respond(store, id, 9 - index)
      await vi.advanceTimersByTimeAsync(1000)
      return ids.length
    }
    assert.strictEqual(await sent(one), 3)
    await comeBack(other)
    assert.strictEqual(await sent(one), 6)
    await vi.advanceTimersByTimeAsync(5000)
    assert.strictEqual(await sent(one), 10)
  })

  it("gives its requests numbers that no other process gives, from the first one on", async () => {
    const at = makeStore()
    at.faults.is = "down"
    const stores = [makeSharedStore(at.exchange, 2), makeSharedStore(at.exchange, 2)]
    const ids = await Promise.all(stores.map((store) => admit(store)))
    at.faults.is = "up"
    await vi.advanceTimersByTimeAsync(300)
    await comeBack(...stores)
    assert.strictEqual(new Set(ids).size, 2)
    const { state } = await read(makeSharedStore(at.exchange, 2))
    assert.sameMembers(
      state.inFlight.map(({ id }) => id),
      ids.map((id) => id ?? 0),
    )
  })

  it.each([
    ["was emptied", () => undefined],
    ["has junk", () => ({ version: "x", text: "{" })],
    ["has another text", ({ version }: { version: string }) => ({ version, text: "[1,2,{}]" })],
  ])("writes the state that it knows into a store that %s", async (_, damage) => {
    const at = makeStore()
    const [one, other] = [makeSharedStore(at.exchange, 2), makeSharedStore(at.exchange, 2)]
    await learn(one)
    await admitAll(one)
    await read(other)
    const record = at.records.get("k") ?? { version: "", text: "" }
    const damaged = damage(record)
    if (damaged === undefined) at.records.delete("k")
    else at.records.set("k", damaged)
    await vi.advanceTimersByTimeAsync(60)
    assert.isUndefined(await admit(one))
    assert.isUndefined(await admit(other))
    const { state, used } = await read(other)
    assert.strictEqual(used, 10)
    assert.isTrue(state.trusted)
  })

  it("prefers the state that it knows to that of a store that has lost some writes", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    await learn(store)
    const older = new Map(at.records)
    await admitAll(store)
    for (const [key, record] of older) at.records.set(key, record)
    await vi.advanceTimersByTimeAsync(60)
    assert.isUndefined(await admit(store))
    assert.strictEqual((await read(makeSharedStore(at.exchange, 2))).used, 10)
  })

  it.each([3_600_000, -3_600_000])(
    "continues the time of the state when the store's clock moves by %i ms",
    async (moveMs) => {
      const at = makeStore()
      const [one, other] = [makeSharedStore(at.exchange, 2), makeSharedStore(at.exchange, 2)]
      await learn(one)
      await read(other)
      for (const id of await admitAll(one)) await respond(one, id, 0)
      at.faults.clockMs += moveMs
      await vi.advanceTimersByTimeAsync(60)
      for (const store of [one, other, one, other]) assert.isUndefined(await admit(store))
      await vi.advanceTimersByTimeAsync(1100)
      const all = admitAll(other)
      await vi.advanceTimersByTimeAsync(200)
      assert.lengthOf(await all, 10)
      assert.isUndefined(await admit(one))
      // a process that starts now reads the same time
      assert.isUndefined(await admit(makeSharedStore(at.exchange, 2)))
    },
  )

  it("rejects with the error of an option only if no step has ended", async () => {
    const wrong = new OptionError("query", "must be another")
    let fails = true
    const at = makeStore()
    const store = makeSharedStore(async (...given) => {
      if (fails) throw wrong
      return at.exchange(...given)
    }, 2)
    assert.strictEqual(await rejection(admit(store)), wrong)
    fails = false
    assert.strictEqual(await admit(store), 1)
    fails = true
    await respond(store, 1, 9)
    assert.strictEqual(store.connection?.(), "alone")
  })

  it("rejects what waits with a function that throws, and continues", async () => {
    const at = makeStore()
    const store = makeSharedStore(at.exchange, 2)
    const bug = new Error("a bug")
    const thrown = store.modify("k", () => {
      throw bug
    })
    assert.strictEqual(await rejection(thrown), bug)
    assert.strictEqual(await admit(store), 1)
  })
})
