import { Aelyst } from "@aelyst/node"
import type { Outbox, OutboxLogEntry } from "@aelyst/outbox"
import { outbox } from "@aelyst/outbox"
import type { PostgresQuery } from "@aelyst/outbox/postgres"
import { postgres } from "@aelyst/outbox/postgres"
import { Sandbox } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"
import { Client, Pool } from "pg"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"

import type { Cut } from "../../src/outbox/CuttingProxy.ts"
import { startCutting } from "../../src/outbox/CuttingProxy.ts"
import type { Worker } from "../../src/outbox/Fleet.ts"
import { Fleet } from "../../src/outbox/Fleet.ts"
import { judge } from "../../src/outbox/Ledger.ts"
import type { PostgresServer } from "../../src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../src/shared/PostgresServer.ts"

const leaseMs = 2_000
// only stops a test that hangs: 28 outboxes at once take their time on a busy machine
const patience = { timeout: 300_000, interval: 50 }

let server: PostgresServer
let sandbox: Sandbox
let client: Aelyst
const opened: Array<() => Promise<void>> = []
beforeAll(async () => {
  server = await startPostgres({ smallDisk: 8 })
  sandbox = await Sandbox.start({ limit: 100_000 })
  const { baseUrl, tokens } = sandbox
  client = new Aelyst({ baseUrl, token: tokens.ok, doubtDelayMs: 1_000 })
})
beforeEach(async () => {
  sandbox.reset()
  await server.query("DROP TABLE IF EXISTS aelyst_outbox, aelyst_outbox_meta")
})
afterEach(async () => {
  // an outbox before its pool
  for (const close of opened.splice(0).toReversed()) await close()
})
afterAll(async () => {
  await client?.close()
  await sandbox?.close()
  await server?.[Symbol.asyncDispose]()
})

/** Opens a pool that is closed after the test. */
const queryOf = (url: string = urlOf(server.port), max = 4): PostgresQuery => {
  const timeouts = { connectionTimeoutMillis: 2_000, query_timeout: 2_000 }
  const pool = new Pool({ connectionString: url, max, ...timeouts })
  pool.on("error", () => {})
  opened.push(() => pool.end())
  return (text, values) => pool.query(text, values)
}

/** Opens an outbox that creates what it holds, until the test has ended. */
const open = (query: PostgresQuery, log: (entry: OutboxLogEntry) => void = () => {}): Outbox => {
  const box = outbox({ client, store: postgres({ query }), leaseMs, log })
  opened.push(() => box.close())
  return box
}

const ana = { firstName: "Ana" }

const serverTime = "floor(extract(epoch FROM clock_timestamp()) * 1000)"

/**
 * Writes a beat to the database every 100 ms. On a slow machine there are fewer in a second, since this process or the
 * database is slow, as the outbox is: so many beats are at least a tenth of as many seconds.
 */
const startPulse = async () => {
  const stop = new AbortController()
  await server.query("DROP TABLE IF EXISTS pulse")
  await server.query("CREATE TABLE pulse (at bigint)")
  const query = queryOf(urlOf(server.port), 1)
  let beats = 0
  const beating = async () => {
    while (!stop.signal.aborted) {
      await sleep(100)
      await query(`INSERT INTO pulse SELECT ${serverTime}`).then(
        () => beats++,
        // the database is down
        () => {},
      )
    }
  }
  const ended = beating()
  return {
    beats: () => beats,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await ended
    },
  }
}

/** G3: the beats in which sending has to resume, 10 s. */
const resumeBeats = 100
/** G2: the beats in which a row has to be taken over once it can be, 2 s. */
const takeoverBeats = 20

/** Counts the beats until the API gets the next request. */
const beatsUntilSent = async (beats: () => number): Promise<number> => {
  const [before, from] = [sandbox.requests().length, beats()]
  await expect.poll(() => sandbox.requests().length, patience).toBeGreaterThan(before)
  return beats() - from
}

/** Accepts a contact; repeats with the same key until it is accepted. Returns its id, and the codes of the failures. */
const acceptSurely = async (
  box: Outbox,
  key: string,
  onFailure: (code: unknown) => Promise<void> = async () => {},
): Promise<string> => {
  for (;;) {
    try {
      const submission = { identifier: `id:${key}`, contact: ana } as const
      return (await box.accept(submission, { idempotencyKey: key })).id
    } catch (error) {
      await onFailure(Reflect.get(Object(error), "code"))
      await sleep(50)
    }
  }
}

/** Expects that each contact was created once, and that every request was noted. */
const expectOnce = async (box: Outbox, ids: ReadonlyMap<string, string>): Promise<void> => {
  const entries = await box.list({ limit: 100_000 })
  expect(entries).toHaveLength(ids.size)
  const accepted = new Map([...ids].map(([key, id]) => [id, `id:${key}`]))
  const ledger = sandbox.ledger().filter(({ key }) => ids.has(key.slice("id:".length)))
  const ended = new Map<string, []>()
  expect(judge({ existing: "reject", accepted, ended, entries, ledger })).toEqual([])
}

describe("G3, a connection that is cut at a statement", () => {
  const statements = Array.from({ length: 14 }, (_, index) => index + 1)
  const cuts = statements.flatMap((statement): ReadonlyArray<Cut> => [
    { statement, when: "before" },
    { statement, when: "after" },
  ])

  it("accepts only what is stored, sends nothing that is not noted, and continues", async () => {
    const codes = new Set<unknown>()
    await Promise.all(
      cuts.map(async ({ statement, when }) => {
        const name = `cut_${statement}_${when}`
        await server.query(`CREATE SCHEMA ${name}`)
        await using proxy = await startCutting(server.port, { statement, when })
        const url = `${urlOf(proxy.port)}?options=-csearch_path%3D${name}`
        const box = open(queryOf(url, 1))
        const ids = new Map<string, string>()
        for (const key of [`${name}-1`, `${name}-2`]) {
          let isKnown = true
          const id = await acceptSurely(box, key, async (code) => {
            codes.add(code)
            isKnown &&= code !== "ERR_AELYST_OUTBOX_UNKNOWN"
            // "nothing was stored" is true at once, unless an attempt before may have stored it
            if (code !== "ERR_AELYST_OUTBOX_STORE" || !isKnown) return
            const found = `SELECT to_regclass('${name}.aelyst_outbox') IS NOT NULL AS found`
            if ((await server.query(found))[0]?.["found"] !== true) return
            expect(await server.query(`SELECT id FROM ${name}.aelyst_outbox`)).toHaveLength(
              ids.size,
            )
          })
          ids.set(key, id)
        }
        await expect.poll(() => proxy.hasCut(), patience).toBe(true)
        await untilEmpty(box)
        await expectOnce(box, ids)
      }),
    )
    expect([...codes].every((code) => String(code).startsWith("ERR_AELYST_OUTBOX_"))).toBe(true)
  })
})

/** Accepts so many contacts at once; returns the ids by key, which fill up until `ended`. */
const acceptAll = (
  box: Outbox,
  count: number,
  onFailure?: (code: unknown) => Promise<void>,
  name = "row",
) => {
  const ids = new Map<string, string>()
  const accept = async (_: unknown, index: number) => {
    const key = `${name}-${index}`
    ids.set(key, await acceptSurely(box, key, onFailure))
  }
  return { ids, ended: Promise.all(Array.from({ length: count }, accept)) }
}

const untilEmpty = async (box: Outbox): Promise<void> => {
  const pending = async () => (await box.stats().catch(() => undefined))?.pending
  await expect.poll(pending, patience).toBe(0)
}

describe("G3, a database that fails", () => {
  it("says that it does not know what a crash during a commit has stored, and a repeat stores it once", async () => {
    const codes = new Set<unknown>()
    const box = open(queryOf())
    await box.stats()
    await using pulse = await startPulse()
    const accepted = new Map<string, string>()
    const unknown = "ERR_AELYST_OUTBOX_UNKNOWN"
    // a crash may miss every commit, so there is one until it meets one
    for (let crash = 1; !codes.has(unknown); crash++) {
      const note = async (code: unknown) => void codes.add(code)
      const { ended, ids } = acceptAll(box, 400, note, `crash-${crash}`)
      // most of them wait for a connection, the others for their commit
      while (ids.size < 20) await sleep(1)
      await server.process.kill()
      await server.process.restart()
      expect(await beatsUntilSent(pulse.beats)).toBeLessThanOrEqual(resumeBeats)
      await ended
      for (const [key, id] of ids) accepted.set(key, id)
    }
    expect(codes).toContain(unknown)
    await untilEmpty(box)
    await expectOnce(box, accepted)
  })

  it("stores and sends nothing while it is read-only, says so, and continues", async () => {
    const lines: Array<OutboxLogEntry> = []
    const box = open(queryOf(), (line) => void lines.push(line))
    await box.stats()
    await server.query("ALTER SYSTEM SET default_transaction_read_only = on")
    await server.query("SELECT pg_reload_conf()")
    try {
      await expect
        .poll(
          () => box.accept({ identifier: "id:no", contact: ana }).catch((error) => error.message),
          patience,
        )
        .toMatch(/Nothing was stored\. Postgres: 25006\.$/)
      await expect.poll(() => lines, patience).toMatchObject([{ code: "ERR_AELYST_OUTBOX_STORE" }])
      const before = sandbox.requests().length
      await sleep(1_000)
      expect(sandbox.requests()).toHaveLength(before)
    } finally {
      await server.query("ALTER SYSTEM RESET default_transaction_read_only")
      await server.query("SELECT pg_reload_conf()")
    }
    await using pulse = await startPulse()
    const before = (await box.stats()).created
    const resumed = beatsUntilSent(pulse.beats)
    await acceptAll(box, 5).ended
    expect(await resumed).toBeLessThanOrEqual(resumeBeats)
    await untilEmpty(box)
    expect((await box.stats()).created).toBe(before + 5)
  })

  it("stores and sends nothing unnoted while its disk is full, says so, and continues", async () => {
    await server.query("ALTER DATABASE postgres SET default_tablespace = small")
    try {
      const box = open(queryOf())
      const { ended, ids } = acceptAll(box, 20)
      await ended
      await server.query("CREATE TABLE filler (bytes text)")
      await server.query("ALTER TABLE filler ALTER bytes SET STORAGE PLAIN")
      // a page for each row, many at a time and then one by one
      for (const rows of [100, 1]) {
        const fill = `INSERT INTO filler SELECT repeat('x', 7000) FROM generate_series(1, ${rows})`
        while (await server.query(fill).then(() => true, isFull));
      }
      const messages: Array<unknown> = []
      for (let number = 0; messages.length === 0; number++) {
        const key = `full-${number}`
        await box.accept({ identifier: `id:${key}`, contact: ana }, { idempotencyKey: key }).then(
          ({ id }) => void ids.set(key, id),
          (error) => void messages.push(error.message),
        )
      }
      expect(messages[0]).toMatch(/Nothing was stored\. Postgres: 53100\.$/)
      await sleep(500)
      await server.query("DROP TABLE filler")
      await using pulse = await startPulse()
      const resumed = beatsUntilSent(pulse.beats)
      ids.set("freed-0", await acceptSurely(box, "freed-0"))
      expect(await resumed).toBeLessThanOrEqual(resumeBeats)
      await untilEmpty(box)
      await expectOnce(box, ids)
    } finally {
      await server.query("ALTER DATABASE postgres RESET default_tablespace")
    }
  })
})

/** Returns false for the error of a full disk, and throws every other one. */
const isFull = (error: unknown): boolean => {
  if (Reflect.get(Object(error), "code") === "53100") return false
  throw error
}

/** Records when a row is claimed that another process had, and when its lease ended. */
const recordTakeovers = `DROP TABLE IF EXISTS takeover;
  CREATE TABLE takeover (id text, expired bigint, at bigint);
  CREATE OR REPLACE FUNCTION record_takeover() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO takeover VALUES (OLD.id, OLD.lease_until, ${serverTime});
    RETURN NEW;
  END $$;
  CREATE TRIGGER takeover BEFORE UPDATE ON aelyst_outbox FOR EACH ROW
    WHEN (NEW.epoch > OLD.epoch AND OLD.owner IS NOT NULL) EXECUTE FUNCTION record_takeover()`

describe("G2, a session that holds the locks of rows while an owner is frozen", () => {
  it.each([
    { held: "the rows of that owner", where: "owner = $1 AND ended_at IS NULL" },
    { held: "all rows that were there", where: "$1::text IS NOT NULL" },
  ])("delays only $held, which then end like all others, once each", async ({ where }) => {
    await using slow = await Sandbox.start({ limit: 100_000, latencyMs: [400, 600] })
    await using fleet = new Fleet({
      baseUrl: slow.baseUrl,
      token: slow.tokens.ok,
      url: urlOf(server.port),
      delivery: "natural-key",
      leaseMs,
      doubtDelayMs: 1_000,
    })
    let submitted = 0
    const submit = (worker: Worker) => {
      for (let n = 0; n < 40; n++) fleet.send(worker, { accept: `id:${submitted++}` })
    }
    const frozen = fleet.start()
    await frozen.ready
    submit(frozen)
    const owner = async () => {
      const rows = server.query("SELECT owner FROM aelyst_outbox WHERE owner IS NOT NULL LIMIT 1")
      return (await rows.catch(() => []))[0]?.["owner"]
    }
    await expect.poll(owner, patience).toBeTypeOf("string")
    const values = [await owner()]
    await using _ = await startPulse()
    await server.query(recordTakeovers)
    await expect.poll(() => fleet.accepted.size, patience).toBe(submitted)
    frozen.process.kill("SIGSTOP")
    const holder = new Client({ connectionString: urlOf(server.port) })
    await holder.connect()
    await holder.query("BEGIN")
    const locked = await holder.query(
      `SELECT id FROM aelyst_outbox WHERE ${where} FOR UPDATE`,
      values,
    )
    expect(locked.rows.length).toBeGreaterThan(0)
    const other = fleet.start()
    await other.ready
    submit(other)
    await expect.poll(() => fleet.accepted.size, patience).toBe(submitted)
    const ended = async () => {
      const ids = locked.rows.map(({ id }) => id)
      const text = "SELECT id FROM aelyst_outbox WHERE ended_at IS NOT NULL AND id <> ALL($1)"
      return (await server.query(text, [ids])).length
    }
    // what is not locked continues
    const before = await ended()
    await expect.poll(ended, patience).toBeGreaterThan(before)
    await sleep(leaseMs)
    const released = await holder.query(`SELECT ${serverTime} AS at`)
    await holder.query("ROLLBACK")
    await holder.end()
    const reader = outbox({ store: postgres({ query: queryOf() }), log: () => {} })
    await untilEmpty(reader)
    // the first of them as soon as it can be; the others when the process that takes them over has sent it
    const late = `SELECT min((SELECT count(*) FROM pulse WHERE pulse.at > greatest(expired, $1::bigint) AND pulse.at < takeover.at))::integer AS beats
      FROM takeover WHERE id = ANY($2)`
    const [first] = await server.query(late, [released.rows[0].at, locked.rows.map(({ id }) => id)])
    expect(first?.["beats"]).toBeLessThanOrEqual(takeoverBeats)
    frozen.process.kill("SIGCONT")
    await Promise.all([fleet.stop(frozen), fleet.stop(other)])
    const { accepted } = fleet
    const entries = await reader.list({ limit: 1_000 })
    const ledger = slow.ledger()
    expect(judge({ existing: "reject", accepted, ended: fleet.ended, entries, ledger })).toEqual([])
    await reader.close()
  })
})
