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

  it("does nothing more once it is closed", async () => {
    const store = openStore(newPath())
    await store.close()
    await expect(store.stats()).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
  })
})
