import type { Outbox } from "@aelyst/outbox"
import { outbox } from "@aelyst/outbox"
import { postgres } from "@aelyst/outbox/postgres"
import type { Existing } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Pool } from "pg"

import { campaign } from "../../src/outbox/Campaign.ts"
import { submitOneKey } from "../../src/outbox/OneKey.ts"
import { report } from "../../src/results/Figures.ts"
import type { PostgresServer } from "../../src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../src/shared/PostgresServer.ts"

const kills = Number(process.env["AELYST_OUTBOX_POSTGRES_KILLS"] ?? 34)
const seed = Number(process.env["AELYST_OUTBOX_SEED"] ?? 20_261)

let server: PostgresServer
const pools: Array<Pool> = []
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await server?.[Symbol.asyncDispose]()
})

const reader = (): Outbox => {
  const pool = new Pool({ connectionString: urlOf(server.port), max: 1 })
  pool.on("error", () => {})
  pools.push(pool)
  const store = postgres({ query: (text, values) => pool.query(text, values) })
  return outbox({ store, log: () => {} })
}
const empty = () => server.query("DROP TABLE IF EXISTS aelyst_outbox, aelyst_outbox_meta")

describe("G1 and G3, an outbox of two processes on Postgres", { timeout: 1_800_000 }, () => {
  it.each<Existing>(["reject", "merge", "duplicate"])(
    `loses and doubles nothing in ${kills} kills, pauses and crashes of the database (%s)`,
    async (existing) => {
      await empty()
      const { accepted, broken } = await campaign({
        existing,
        kills,
        seed,
        rows: { url: urlOf(server.port) },
        reader,
        crash: async () => {
          await server.process.kill()
          await sleep(300)
          await server.process.restart()
        },
      })
      report({
        counts: {
          "Postgres: kills and pauses": kills,
          "Postgres: accepted contacts": accepted,
          "Postgres: rules broken": broken.length,
        },
      })
      expect(accepted).toBeGreaterThan(kills)
      expect(broken).toEqual([])
    },
  )

  it("is found bad if the intent is noted after the request", async () => {
    await empty()
    const { broken } = await campaign({
      existing: "duplicate",
      kills: 12,
      seed,
      rows: { url: urlOf(server.port) },
      reader,
      control: "intent after the request",
    })
    report({ controls: { "Postgres: intent noted after the request": broken.length } })
    expect(broken).not.toEqual([])
  })
})

it("G7: creates one contact of 100 parallel submissions with one idempotency key to 4 processes", async () => {
  await empty()
  expect(await submitOneKey(100, { url: urlOf(server.port) })).toMatchObject({
    replies: 100,
    accepted: 1,
    rejected: [],
    ledger: [{ key: "id:once", posts: 1, created: 1 }],
  })
})
