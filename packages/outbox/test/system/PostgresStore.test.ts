import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { randomUUID } from "node:crypto"
import { Pool } from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import {
  startBouncer,
  startPostgres,
  urlOf,
} from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import type { Outbox } from "../../src/index.ts"
import { outbox } from "../../src/index.ts"
import type { PostgresQuery } from "../../src/postgres.ts"
import { postgres } from "../../src/postgres.ts"
import { postgresStore } from "../../src/PostgresStore.ts"
import { newRow, storeSuite } from "../storeSuite.ts"

let server: PostgresServer
let bouncer: Awaited<ReturnType<typeof startBouncer>>
const pools: Array<Pool> = []
/** Creates one more pool, as another machine has one. */
const newPool = (port = server.port): Pool => {
  const pool = new Pool({ connectionString: urlOf(port), max: 4 })
  pool.on("error", () => {})
  pools.push(pool)
  return pool
}
const queryOf =
  (pool: Pool): PostgresQuery =>
  (text, values) =>
    pool.query(text, values)

beforeAll(async () => {
  server = await startPostgres()
  bouncer = await startBouncer(server.port, ["postgres"])
})
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await bouncer?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

const dropTables = () =>
  server.query("DROP TABLE IF EXISTS aelyst_outbox, aelyst_outbox_meta, test_clock")

describe.each(["directly", "through pgbouncer in transaction mode"])("PostgresStore, %s", (way) => {
  storeSuite(async () => {
    const query = queryOf(newPool(way === "directly" ? server.port : bouncer.port))
    await dropTables()
    await server.query("CREATE TABLE test_clock AS SELECT 1000::bigint AS time")
    return {
      again: () => postgresStore(query, "(SELECT time FROM test_clock)"),
      tick: async (ms) => void (await server.query("UPDATE test_clock SET time = time + $1", [ms])),
    }
  })
})

interface Plan {
  readonly "Actual Rows": number
  readonly "Actual Loops": number
  readonly "Rows Removed by Filter"?: number
  readonly Plans?: ReadonlyArray<Plan>
}

/** Returns how many rows each step of a plan has read. */
const rowsReadBy = (plan: Plan): ReadonlyArray<number> => [
  plan["Actual Loops"] * (plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0)),
  ...(plan.Plans ?? []).flatMap(rowsReadBy),
]

describe("PostgresStore", () => {
  it("creates its tables once, however many processes start together", async () => {
    await dropTables()
    const stores = Array.from({ length: 8 }, () => postgresStore(queryOf(newPool())))
    await Promise.all(stores.map((store) => store.add(newRow())))
    expect(await stores[0]?.pending(9)).toBe(8)
    expect(await server.query("SELECT count(*) AS n FROM aelyst_outbox_meta")).toEqual([{ n: "1" }])
  })

  it("never gives out two rows of one key, although a lower number may be committed later", async () => {
    await dropTables()
    const pool = newPool()
    const store = postgresStore(queryOf(pool))
    await store.pending(9)
    const slow = await pool.connect()
    try {
      await slow.query("BEGIN")
      const first = newRow("one-key")
      const statement = store.statement?.(first)
      await slow.query(statement?.text ?? "", statement?.values)
      const second = newRow("one-key")
      await store.add(second)
      const [claim] = await store.claim("a", 9, 5_000)
      expect(claim?.id).toBe(second.id)
      await slow.query("COMMIT")
      expect(await store.claim("b", 9, 5_000)).toEqual([])
      if (claim !== undefined) await store.end(claim, "created", { lost: false })
      expect(await store.claim("b", 9, 5_000)).toMatchObject([{ id: first.id }])
    } finally {
      slow.release()
    }
  })

  it("gives each row to one of many that claim at once", async () => {
    await dropTables()
    const stores = Array.from({ length: 6 }, () => postgresStore(queryOf(newPool())))
    for (let n = 0; n < 60; n++) await stores[0]?.add(newRow())
    const claims = await Promise.all(stores.map((store, at) => store.claim(`${at}`, 20, 5_000)))
    const ids = claims.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(60)
  })

  it.each([
    ["with the epoch", (text: string) => text, false],
    ["without it", (text: string) => text.replace("row.epoch = asked.epoch", "true"), true],
  ])("lets a stale owner send and end a row of another: %s", async (_, change, isWrong) => {
    await dropTables()
    const query = queryOf(newPool())
    const store = postgresStore((text, values) => query(change(text), values))
    await store.add(newRow())
    const [stale] = await store.claim("frozen", 1, 0)
    const [fresh] = await store.claim("b", 1, 5_000)
    if (stale === undefined || fresh === undefined) throw new Error("it was due twice")
    expect(await store.intend(stale)).toBe(isWrong)
    expect(await store.end(stale, "created", { lost: false })).toBe(isWrong)
    expect(await store.intend(fresh)).toBe(!isWrong)
  })

  it("stores each row once if the response to the statement that added several of them is lost", async () => {
    await dropTables()
    const pool = newPool()
    let losses = 1
    const store = postgresStore(async (text, values) => {
      const result = await pool.query(text, values)
      if (text.startsWith("INSERT") && losses-- > 0) throw new Error("Connection terminated")
      return result
    })
    expect(await Promise.all([store.add(newRow()), store.add(newRow())])).toEqual([
      undefined,
      undefined,
    ])
    losses = 2
    const lost = await Promise.allSettled([store.add(newRow()), store.add(newRow())])
    for (const one of lost) {
      expect(one).toMatchObject({ reason: { code: "ERR_AELYST_OUTBOX_UNKNOWN" } })
    }
    expect(await store.pending(9)).toBe(4)
  })

  it("delays only the row that another session has locked, which is noted when that has ended", async () => {
    await dropTables()
    const store = postgresStore(queryOf(newPool()))
    for (let n = 0; n < 3; n++) await store.add(newRow())
    const claims = await store.claim("a", 3, 5_000)
    const locked = await newPool().connect()
    try {
      await locked.query("BEGIN")
      await locked.query("SELECT FROM aelyst_outbox WHERE id = $1 FOR UPDATE", [claims[1]?.id])
      const [first, second, third] = claims.map((claim) => store.intend(claim))
      expect(await Promise.all([first, third])).toEqual([true, true])
      const isNoted = () => store.get(claims[1]?.id ?? "").then((entry) => entry?.attempts)
      expect(await isNoted()).toBe(0)
      await locked.query("COMMIT")
      expect(await second).toBe(true)
      expect(await isNoted()).toBe(1)
    } finally {
      locked.release()
    }
  })

  it("reads only the rows that it claims, however many are due and whatever the planner knows", async () => {
    await dropTables()
    const pool = newPool()
    let claiming: Parameters<PostgresQuery> = ["", []]
    const store = postgresStore((text, values) => {
      if (text.includes("SKIP LOCKED)")) claiming = [text, values]
      return pool.query(text, values)
    })
    await store.add(newRow())
    // without statistics, with those of an almost empty table, and with true ones
    for (const know of ["", "ANALYZE aelyst_outbox", "ANALYZE aelyst_outbox"]) {
      await pool.query(know)
      await pool.query(`INSERT INTO aelyst_outbox (id, key, submission, payload, due_at, accepted_at)
        SELECT gen_random_uuid()::text, convert_to(gen_random_uuid()::text, 'UTF8'), 'x', 'x', 0, 0 FROM generate_series(1, 3000)`)
      expect(await store.claim("a", 16, 5_000)).toHaveLength(16)
      const [text, values] = claiming
      const plan = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
      expect(Math.max(...rowsReadBy(plan.rows[0]["QUERY PLAN"][0].Plan))).toBeLessThan(100)
    }
  })

  it("quotes no row and no URL in its errors", async () => {
    await dropTables()
    const store = postgresStore(queryOf(newPool()))
    await store.add(newRow())
    await server.query("ALTER TABLE aelyst_outbox ADD CHECK (octet_length(payload) < 5) NOT VALID")
    const error = await store
      .add({ ...newRow(), payload: Buffer.from("Canary") })
      .catch((one) => one)
    expect(error).toMatchObject({
      code: "ERR_AELYST_OUTBOX_STORE",
      message: expect.stringContaining("Postgres: 23514."),
    })
    expect(error.cause).toBeUndefined()
  })

  it("refuses the tables of a newer version by name", async () => {
    await dropTables()
    await postgresStore(queryOf(newPool())).pending(9)
    await server.query("UPDATE aelyst_outbox_meta SET version = 2")
    await expect(postgresStore(queryOf(newPool())).pending(9)).rejects.toMatchObject({
      message: expect.stringContaining("have format 2; this version reads format 1."),
    })
  })
})

const submission = () => ({
  identifier: `id:${randomUUID()}` as const,
  contact: { firstName: "Ana" },
})

describe("an outbox on Postgres", () => {
  it("creates what several processes accept, once each, and what a transaction has committed", async () => {
    await dropTables()
    const sandbox = await Sandbox.start({ limit: 10_000 })
    const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
    const pool = newPool()
    const boxes: Array<Outbox> = [pool, newPool(bouncer.port), newPool()].map((one) =>
      outbox({ client, store: postgres({ query: queryOf(one) }), log: () => {} }),
    )
    try {
      await Promise.all(
        boxes.flatMap((box) => Array.from({ length: 20 }, () => box.accept(submission()))),
      )
      const [box] = boxes
      if (box === undefined) throw new Error("there are three")
      const committed = box.statement(submission())
      const rolledBack = box.statement(submission())
      for (const [end, { text, values }] of [
        ["COMMIT", committed],
        ["ROLLBACK", rolledBack],
      ] as const) {
        const connection = await pool.connect()
        await connection.query("BEGIN")
        await connection.query(text, values)
        await connection.query(end)
        connection.release()
      }
      expect(await box.drain()).toMatchObject({ created: 61, pending: 0 })
      expect(await box.get(committed.id)).toMatchObject({ state: "created" })
      expect(await box.get(rolledBack.id)).toBeUndefined()
      expect(sandbox.ledger().map(({ created, posts }) => `${created} of ${posts}`)).toEqual(
        Array.from({ length: 61 }, () => "1 of 1"),
      )
    } finally {
      await Promise.all(boxes.map((box) => box.close()))
      await client.close()
      await sandbox.close()
    }
  })
})
