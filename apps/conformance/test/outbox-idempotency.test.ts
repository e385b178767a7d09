import { Sandbox } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"

import { Fleet } from "../src/outbox/Fleet.ts"

it("G7: creates one contact of 100 parallel submissions with one idempotency key to 4 processes", async () => {
  const directory = mkdtempSync(join(tmpdir(), "aelyst-outbox-"))
  await using sandbox = await Sandbox.start({ existing: "duplicate", limit: 10_000 })
  await using fleet = new Fleet({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    file: join(directory, "outbox.db"),
    delivery: "natural-key",
    leaseMs: 5_000,
    doubtDelayMs: 1_000,
  })
  try {
    const workers = [fleet.start(), fleet.start(), fleet.start(), fleet.start()]
    await Promise.all(workers.map(({ ready }) => ready))
    for (let n = 0; n < 100; n++) {
      const worker = workers[n % workers.length]
      if (worker !== undefined) fleet.send(worker, { accept: "id:once", idempotencyKey: "k-1" })
    }
    await expect.poll(() => fleet.replies, { timeout: 60_000 }).toBe(100)
    await expect.poll(() => fleet.ended.size, { timeout: 60_000 }).toBe(1)
    expect(fleet.rejected).toEqual([])
    expect(fleet.accepted.size).toBe(1)
    expect(sandbox.ledger()).toMatchObject([{ key: "id:once", posts: 1, created: 1 }])
  } finally {
    await fleet[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }
})
