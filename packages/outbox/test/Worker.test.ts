import { Aelyst } from "@aelyst/node"
import { Cipher } from "@aelyst/journal/storage"
import { Sandbox } from "@aelyst/sandbox"
import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeEach, describe, expect, it } from "vitest"

import { check } from "../src/options.ts"
import { sqliteStore } from "../src/SqliteStore.ts"
import type { Store } from "../src/Store.ts"
import type { OutboxClient, OutboxLogEntry, OutboxOptions, Submission } from "../src/types.ts"
import { Worker } from "../src/Worker.ts"
import { newPath } from "./files.ts"

const sandbox = await Sandbox.start({ limit: 10_000 })
const client = new Aelyst({
  baseUrl: sandbox.baseUrl,
  token: sandbox.tokens.ok,
  doubtDelayMs: 1_000,
})
beforeEach(() => sandbox.reset())
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const cipher = new Cipher([])

/** Adds contacts to a store; returns their ids. */
const add = async (store: Store, ...identifiers: ReadonlyArray<string>) => {
  const ids = identifiers.map(() => `c_${randomUUID()}`)
  const rows = identifiers.map((key, index) => {
    const id = ids[index] ?? ""
    const payload = cipher.seal(id, { identifier: key, contact: { firstName: "Ana" } })
    return { id, key, idempotencyKey: undefined, submission: key, payload }
  })
  await Promise.all(rows.map((row) => store.add(row)))
  return ids
}
const names = (count: number) => Array.from({ length: count }, (_, n) => `id:${n}`)

/** Starts a worker over a store; it stops at the end of the test. */
const start = (store: Store, options: OutboxOptions = {}) => {
  const lines: Array<OutboxLogEntry> = []
  const ends: Array<readonly [id: string, submission: Submission]> = []
  const settings = check({ log: (line) => void lines.push(line), ...options })
  const worker = new Worker({
    client: options.client ?? client,
    store,
    cipher,
    settings,
    onEnd: (...end) => void ends.push(end),
  })
  const stop = async () => {
    await worker.stop(10_000)
    await store.close()
  }
  return { ends, lines, worker, [Symbol.asyncDispose]: stop }
}

/** Waits until a condition holds. */
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await sleep(20)
}
const untilEmpty = (store: Store) => until(async () => (await store.pending(1)) === 0)

describe("Worker", () => {
  it("says that its client is closed, and leaves the contacts to the next start", async () => {
    const closed = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
    await closed.close()
    const store = sqliteStore(newPath())
    await add(store, "id:waits")
    await using running = start(store, { client: closed })
    await until(() => running.lines.length > 0)
    expect(running.lines).toMatchObject([{ code: "ERR_AELYST_OUTBOX_CLIENT" }])
    expect(running.lines[0]?.message).toContain("closed")
    expect(await store.stats()).toMatchObject({ pending: 1, claimed: 0 })
  })

  it(
    "sends all that a 401 in the middle has kept from being sent",
    { timeout: 60_000 },
    async () => {
      sandbox.fail({ status: 401, times: 1, match: { identifier: "id:37" } })
      const store = sqliteStore(newPath())
      await add(store, ...names(100))
      await using running = start(store)
      await untilEmpty(store)
      expect(await store.stats()).toMatchObject({ created: 100 })
      expect(running.lines).toMatchObject([{ code: "ERR_AELYST_OUTBOX_TOKEN" }])
      // none twice, and the refused one again
      expect(sandbox.requests()).toHaveLength(101)
    },
  )

  it("sends nothing while it pauses for a token, however many contacts are added", async () => {
    const wrong = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized })
    const store = sqliteStore(newPath())
    {
      await using running = start(store, { client: wrong })
      await add(store, "id:first")
      running.worker.wake()
      await until(() => running.lines.length > 0)
      for (const name of names(10)) {
        await add(store, name)
        running.worker.wake()
        await sleep(20)
      }
      // a pause of 5 s may end on a slow machine
      expect(sandbox.requests().length).toBeLessThan(5)
      expect(running.lines).toHaveLength(1)
    }
    await wrong.close()
  })

  it(
    "takes up again what it could not note, while it sends others",
    { timeout: 60_000 },
    async () => {
      const real = sqliteStore(newPath())
      let failures = 1
      const store: Store = {
        ...real,
        end: async (...how) => {
          if (failures-- > 0) throw new Error("the disk is full")
          return real.end(...how)
        },
      }
      const [lost = ""] = await add(store, "id:lost")
      await using running = start(store, { leaseMs: 1_000 })
      await until(() => running.lines.length > 0)
      let count = 0
      await until(async () => {
        await add(store, `id:later-${count++}`)
        running.worker.wake()
        return (await store.get(lost))?.state !== "pending"
      })
      expect(await store.get(lost)).toMatchObject({ state: "exists_after_doubt", doubt: true })
      expect(running.lines).toMatchObject([{ code: "ERR_AELYST_OUTBOX_STORE" }])
    },
  )

  it("sends no later than the lease that it had when it noted the request", async () => {
    const real = sqliteStore(newPath())
    const leaseMs = 1_000
    const begun: Array<number> = []
    const allowed: Array<number | undefined> = []
    const store: Store = {
      ...real,
      intend: async (claim) => {
        begun.push(performance.now())
        const isOurs = await real.intend(claim)
        // long enough for the lease to be extended meanwhile
        await sleep(700)
        return isOurs
      },
    }
    const watched: OutboxClient = {
      contacts: {
        ...client.contacts,
        createMany: (rows, { gate, ...options }) =>
          client.contacts.createMany(rows, {
            ...options,
            gate: {
              before: async (attempt) => {
                const allowance = await gate.before(attempt)
                allowed.push(allowance?.notAfter)
                return allowance
              },
            },
          }),
      },
    }
    await add(store, "id:slow")
    await using running = start(store, { client: watched, leaseMs })
    await untilEmpty(store)
    expect(running.ends).toHaveLength(1)
    expect(allowed.length).toBeGreaterThan(0)
    for (const [index, notAfter] of allowed.entries()) {
      expect(notAfter).toBeLessThanOrEqual((begun[index] ?? 0) + leaseMs)
    }
  })

  it("reports what it parks for a person, under at-most-once", async () => {
    const store = sqliteStore(newPath())
    const [id] = await add(store, "id:dead")
    const [claim] = await store.claim("dead", 1, 1)
    if (claim === undefined) throw new Error("nothing was due")
    await store.intend(claim)
    await using running = start(store, { delivery: "at-most-once" })
    await untilEmpty(store)
    await until(() => running.ends.length > 0)
    expect(running.ends).toMatchObject([[id, { identifier: "id:dead" }]])
    expect(await store.stats()).toMatchObject({ parked: 1 })
    expect(sandbox.requests()).toEqual([])
  })

  it("gives back what it has not sent when it is stopped", async () => {
    const down = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: "sandbox_ok" })
    const store = sqliteStore(newPath())
    await add(store, ...names(40))
    const running = start(store, { client: down })
    await until(async () => (await store.stats()).claimed > 0)
    await running.worker.stop(0)
    expect(await store.stats()).toMatchObject({ pending: 40, claimed: 0 })
    await store.close()
    await down.close()
  })
})
