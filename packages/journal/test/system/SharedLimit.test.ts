import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { Pool } from "pg"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import {
  startBouncer,
  startPostgres,
  urlOf,
} from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { sharedLimit } from "../../src/shared-limit.ts"

let sandbox: Sandbox
let server: PostgresServer
beforeAll(async () => {
  sandbox = await Sandbox.start()
  server = await startPostgres()
})
beforeEach(async () => {
  sandbox.reset()
  await server.query("drop table if exists aelyst_shared_limit")
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await sandbox.close()
})

/** Opens a pool, and creates a client that shares nothing with others but the database: functions are not compared. */
const clientOn = (port: number, options: { readonly options?: string } = {}) => {
  const pool = new Pool({ connectionString: urlOf(port), max: 2, ...options })
  pool.on("error", () => undefined)
  const query = (text: string, values: Array<string | null>) => pool.query(text, values)
  const aelyst = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: async () => sandbox.tokens.ok,
    rateLimit: { shared: sharedLimit({ query, instances: 2 }) },
  })
  return {
    aelyst,
    [Symbol.asyncDispose]: async () => {
      await aelyst.close()
      await pool.end()
    },
  }
}

let extra = 0
/** Creates contacts until a client reaches its store: a busy machine may separate them for a while. */
const reach = async (aelyst: Aelyst): Promise<void> => {
  while (aelyst.rateLimit.shared === "alone") {
    await aelyst.contacts.create(`id:9${extra++}`, { firstName: "Ana" })
  }
}

/** Creates 15 contacts by each of two clients, and more until both reach the database. */
const createOn = async (port: number, options: { readonly options?: string } = {}) => {
  await using one = clientOn(port, options)
  await using other = clientOn(port, options)
  const ids = Array.from({ length: 15 }, (_, i) => i)
  await Promise.all(
    ids.flatMap((i) => [
      one.aelyst.contacts.create(`id:1${i}`, { firstName: "Ana" }),
      other.aelyst.contacts.create(`id:2${i}`, { firstName: "Ben" }),
    ]),
  )
  assert.strictEqual(sandbox.contacts().length, 30)
  await Promise.all([reach(one.aelyst), reach(other.aelyst)])
}

const rows = () => server.query("select * from aelyst_shared_limit where key not like '%versions%'")

describe("sharedLimit on Postgres", () => {
  it("lets two processes keep to one limit, in one row, which holds no token", async () => {
    await createOn(server.port)
    const [row, ...others] = await rows()
    assert.lengthOf(others, 0)
    assert.match(String(row?.["key"]), /^aelyst:pacer:6:[0-9a-f]{64}$/)
    assert.notInclude(JSON.stringify(row), sandbox.tokens.ok)
  })

  it("works through pgbouncer in transaction mode", async () => {
    await using bouncer = await startBouncer(server.port, ["postgres"])
    await createOn(bouncer.port)
    assert.lengthOf(await rows(), 1)
  })

  it("works in the strictest isolation level", async () => {
    const strict = { options: "-c default_transaction_isolation=serializable" }
    await createOn(server.port, strict)
    assert.lengthOf(await rows(), 1)
  })

  it("creates the table and the row again after they are gone or damaged", async () => {
    await using one = clientOn(server.port)
    let created = 0
    const create = () => one.aelyst.contacts.create(`id:${created++}`, { firstName: "Ana" })
    await create()
    await reach(one.aelyst)
    for (const damage of [
      "drop table aelyst_shared_limit",
      "delete from aelyst_shared_limit",
      "update aelyst_shared_limit set state = 'junk'",
      "update aelyst_shared_limit set version = 'junk'",
    ]) {
      await server.query(damage)
      await create()
      await reach(one.aelyst)
      assert.lengthOf(await rows(), 1, damage)
    }
    assert.strictEqual(sandbox.requests().length, sandbox.contacts().length)
  })

  it("deletes the rows that are older than an hour", async () => {
    await createOn(server.port)
    const old =
      "update aelyst_shared_limit set key = key || 'old', expires_at = now() - interval '1 s'"
    await server.query(old)
    await using one = clientOn(server.port)
    await one.aelyst.contacts.create("id:1", { firstName: "Ana" })
    await reach(one.aelyst)
    const [row, ...others] = await rows()
    assert.lengthOf(others, 0)
    assert.notInclude(String(row?.["key"]), "old")
  })

  it("rejects the first call if the role may not create the table", async () => {
    await server.query("create role guest login")
    await server.query("revoke create on schema public from public")
    const pool = new Pool({ connectionString: urlOf(server.port, "guest"), max: 1 })
    // a busy machine may take longer to connect than a first call waits
    await pool.query("select 1")
    const query = (text: string, values: Array<string | null>) => pool.query(text, values)
    await using aelyst = new Aelyst({
      baseUrl: sandbox.baseUrl,
      token: sandbox.tokens.ok,
      rateLimit: { shared: sharedLimit({ query, instances: 2 }) },
    })
    const error: unknown = await aelyst.contacts
      .create("id:1", { firstName: "Ana" })
      .catch((reason: unknown) => reason)
    await pool.end()
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    assert.propertyVal(error, "option", "query")
    assert.lengthOf(sandbox.requests(), 0)
  })
})
