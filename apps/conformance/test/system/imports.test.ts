import type { Existing } from "@aelyst/sandbox"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"

import { campaign } from "../../src/imports/Campaign.ts"
import type { PostgresServer } from "../../src/shared/PostgresServer.ts"
import { startPostgres } from "../../src/shared/PostgresServer.ts"

const rows = Number(process.env["AELYST_IMPORT_ROWS"] ?? 20_000)
const kills = Number(process.env["AELYST_IMPORT_KILLS"] ?? 6)
const seed = Number(process.env["AELYST_IMPORT_SEED"] ?? 20_281)
const leaseMs = 5_000

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
beforeEach(async () => {
  await server.query(
    "DROP TABLE IF EXISTS aelyst_journal, aelyst_run, aelyst_range, aelyst_wait, aelyst_row",
  )
  await server.query("DROP SEQUENCE IF EXISTS aelyst_epoch")
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const common = { workers: 3, crash: false, freezes: 0, leaseMs, seed }

/** Freezes an owner until another has its rows, and wakes it. */
const wakeLate = (control?: "no epoch") =>
  campaign({
    ...common,
    server,
    workers: 2,
    rows: 600,
    kills: 0,
    freezes: 1,
    leaseMs: 1_000,
    everyMs: 100,
    latencyMs: 100,
    existing: "duplicate",
    control,
  })

describe("an import of three workers on Postgres", { timeout: 900_000 }, () => {
  it(`G9 and G3: ends every one of ${rows} rows in ${kills} kills, a freeze and a crash of the database`, async () => {
    const { broken, counts } = await campaign({
      ...common,
      server,
      rows,
      kills,
      freezes: 1,
      crash: true,
      everyMs: 1_500,
      existing: "reject",
    })
    expect(broken).toEqual([])
    expect(counts.total).toBe(rows)
  })

  it.each<Existing>(["merge", "duplicate"])(
    "G1 and G4: sends no row twice but those in flight, if the API would %s a contact that exists",
    async (existing) => {
      const { broken } = await campaign({
        ...common,
        server,
        rows: 600,
        kills: 2,
        freezes: 1,
        everyMs: 400,
        existing,
      })
      expect(broken).toEqual([])
    },
  )

  it("sends no row twice in a deploy, in which every worker is replaced", async () => {
    const { broken, inDoubt, sentTwice } = await campaign({
      ...common,
      server,
      rows: 1_500,
      kills: 0,
      deploy: true,
      everyMs: 100,
      limit: 200,
      existing: "duplicate",
    })
    expect({ broken, inDoubt, sentTwice }).toEqual({ broken: [], inDoubt: 0, sentTwice: 0 })
  })

  describe("with an owner that is frozen until another has its rows, and wakes", () => {
    it("sends no row twice but those in flight", async () => {
      expect((await wakeLate()).broken).toEqual([])
    })

    it("is found bad without the epoch: it continues with rows that another sends", async () => {
      expect((await wakeLate("no epoch")).broken.join()).toMatch(/rows sent twice, 32 in flight/)
    })
  })

  it("is found bad if an intent is noted after the request", async () => {
    const control = "intent after the request"
    const { broken } = await campaign({
      ...common,
      server,
      rows: 300,
      kills: 2,
      everyMs: 400,
      existing: "duplicate",
      control,
    })
    expect(broken.join()).toContain("a request without an intent")
  })
})
