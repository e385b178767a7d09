import { afterEach, describe, expect, it } from "vitest"

import { sqliteStore } from "../src/SqliteStore.ts"
import type { Store } from "../src/Store.ts"
import { newPath } from "./files.ts"
import { newRow, storeSuite } from "./storeSuite.ts"

const opened: Array<Store> = []
const openStore = (path: string, now?: () => number): Store => {
  const store = sqliteStore(path, now)
  opened.push(store)
  return store
}
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

describe("SqliteStore", () => {
  storeSuite(async () => {
    const path = newPath()
    let time = 1_000
    return {
      again: () => openStore(path, () => time),
      tick: async (ms) => void (time += ms),
    }
  })

  it("keeps its rows when it is opened again", async () => {
    const path = newPath("data/deep/outbox.db")
    const row = newRow()
    const store = openStore(path)
    await store.add(row)
    await store.close()
    expect(await openStore(path).get(row.id)).toMatchObject({ state: "pending" })
  })

  it("gives out rows that were accepted and claimed before the clock was set back", async () => {
    let time = 90_000_000
    const store = openStore(newPath(), () => time)
    await store.add(newRow())
    await store.claim("dead", 1, 5_000)
    await store.add(newRow())
    time = 1_000_000
    expect(await store.claim("a", 9, 5_000)).toHaveLength(2)
    expect(await store.claim("b", 9, 5_000)).toEqual([])
  })

  it("gives out a row that was released while the clock was years ahead", async () => {
    let time = 1_000_000
    const store = openStore(newPath(), () => time)
    await store.add(newRow())
    time += 2 * 365 * 86_400_000
    const [claim] = await store.claim("a", 1, 5_000)
    if (claim === undefined) throw new Error("nothing was due")
    await store.release(claim, { delayMs: 0, doubt: false, rounds: 0 })
    time = 2_000_000
    expect(await store.claim("a", 1, 5_000)).toHaveLength(1)
  })

  it("does nothing more once it is closed", async () => {
    const store = openStore(newPath())
    await store.close()
    await expect(store.stats()).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
  })
})
