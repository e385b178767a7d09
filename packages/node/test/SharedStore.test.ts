import { assert, describe, it } from "@effect/vitest"

import type { SharedRateLimitStore } from "../src/index.ts"
import { Aelyst } from "../src/index.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

/** A store outside of the process: texts, one microtask away, and every second compare-and-set loses. */
const remote = () => {
  const texts = new Map<string, string>()
  let tries = 0
  const store: SharedRateLimitStore = {
    recheckMs: 50,
    modify: async (key, f) => {
      for (;;) {
        const before = texts.get(key)
        const state: object | undefined = before === undefined ? undefined : JSON.parse(before)
        const [result, next] = f(state, performance.now())
        await Promise.resolve()
        tries += 1
        if (texts.get(key) !== before || tries % 2 === 0) continue
        texts.set(key, JSON.stringify(next))
        return result
      }
    },
  }
  return { store, texts }
}

const wrong = (rateLimit: object) =>
  // safe: the types do not allow it
  rejection((async () => new Aelyst({ token: "sandbox_ok", rateLimit: rateLimit as never }))())

describe("rateLimit.shared", () => {
  it("lets clients that share nothing else keep to one limit", async () => {
    const { store, texts } = remote()
    // functions are not compared, so that these two clients meet in the store only
    await using one = await setUp({ rateLimit: { shared: store }, token: () => "sandbox_ok" })
    await using two = new Aelyst({
      baseUrl: one.sandbox.baseUrl,
      token: () => "sandbox_ok",
      rateLimit: { shared: store },
    })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? one.aelyst : two).contacts.create(`id:${i}`, ana),
      ),
    )
    assert.strictEqual(one.posts(), 20)
    assert.strictEqual(texts.size, 1)
    const [key = "", text = ""] = [...texts][0] ?? []
    assert.match(key, /^aelyst:pacer:6:[0-9a-f]{64}$/)
    assert.notInclude(key + text, "sandbox_ok")
    // the snapshot is what this process has seen, without a round trip
    assert.strictEqual(one.aelyst.rateLimit.limit, 1_000)
    assert.strictEqual(two.rateLimit.limit, 1_000)
    // the last change was of one of them
    assert.strictEqual(Math.min(one.aelyst.rateLimit.inFlight, two.rateLimit.inFlight), 0)
  })

  it("paces by the share that the store passes, and within perSecond", async () => {
    const shares: Array<number> = []
    const { store } = remote()
    await using at = await setUp({
      rateLimit: {
        perSecond: 50,
        shared: {
          modify: (key, f) =>
            store.modify(key, (state, now) => {
              shares.push(0.5)
              return f(state, now, 0.5)
            }),
        },
      },
    })
    await at.aelyst.contacts.create("id:1", ana)
    await at.aelyst.contacts.create("id:2", ana)
    assert.isNotEmpty(shares)
    assert.strictEqual(at.posts(), 2)
  })

  it("continues in this process when the store rejects", async () => {
    let asked = 0
    const shared: SharedRateLimitStore = {
      modify: async () => {
        asked += 1
        throw new Error("the store is down")
      },
    }
    await using at = await setUp({ rateLimit: { shared } })
    const results = await Promise.all(
      (["id:1", "id:2"] as const).map((id) => at.aelyst.contacts.create(id, ana)),
    )
    assert.deepStrictEqual(
      results.map(({ result }) => result),
      ["created", "created"],
    )
    assert.isAbove(asked, 1)
  })

  it("must be a store, and takes no option but perSecond with it", async () => {
    const { store } = remote()
    assert.include(String(await wrong({ shared: {} })), "`rateLimit.shared` must be a store")
    assert.include(String(await wrong({ shared: store, perSecnd: 1 })), "did you mean `perSecond`?")
    const recheck = { shared: { ...store, recheckMs: 0 } }
    assert.include(String(await wrong(recheck)), "`rateLimit.shared.recheckMs` must be at least 1")
    assert.include(String(await wrong({ shared: store, perSecond: 0 })), "`rateLimit` must be")
  })
})
