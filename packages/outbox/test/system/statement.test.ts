import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { sql as drizzleSql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import knex from "knex"
import { Pool } from "pg"
import postgresJs from "postgres"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import type { AcceptStatement } from "../../src/index.ts"
import { outbox } from "../../src/index.ts"
import type { PostgresQuery } from "../../src/postgres.ts"
import { postgres } from "../../src/postgres.ts"

/** The transactions of an app by one driver, and the function that a store needs. */
interface Driver extends AsyncDisposable {
  /** Stores an order and a contact in one transaction of the app, which is rolled back if `fails`. */
  readonly order: (statement: AcceptStatement, fails: boolean) => Promise<void>
  readonly query: PostgresQuery
}

class RolledBack extends Error {}

const undo = (fails: boolean): void => {
  if (fails) throw new RolledBack()
}

const drivers: Readonly<Record<string, (url: string) => Driver>> = {
  pg: (connectionString) => {
    const pool = new Pool({ connectionString })
    return {
      order: async ({ text, values }, fails) => {
        const client = await pool.connect()
        try {
          await client.query("BEGIN")
          await client.query("INSERT INTO orders VALUES ($1)", ["pg"])
          await client.query(text, values)
          undo(fails)
          await client.query("COMMIT")
        } catch (error) {
          await client.query("ROLLBACK")
          throw error
        } finally {
          client.release()
        }
      },
      query: (text, values) => pool.query(text, values),
      [Symbol.asyncDispose]: () => pool.end(),
    }
  },
  "postgres.js": (url) => {
    const sql = postgresJs(url)
    return {
      order: async ({ text, values }, fails) => {
        await sql.begin(async (tx) => {
          await tx`INSERT INTO orders VALUES (${"postgres.js"})`
          // safe: texts, null and bytes, as the driver takes them
          await tx.unsafe(text, values as never[])
          undo(fails)
        })
      },
      // safe: as above
      query: (text, values) => sql.unsafe(text, values as never[]),
      [Symbol.asyncDispose]: () => sql.end(),
    }
  },
  Drizzle: (connectionString) => {
    const pool = new Pool({ connectionString })
    const db = drizzle(pool)
    return {
      order: async ({ text, values }, fails) => {
        await db.transaction(async (tx) => {
          await tx.execute(drizzleSql`INSERT INTO orders VALUES (${"Drizzle"})`)
          // safe: the tag reads only the parts of the text
          const parts = text.split(/\$\d/) as unknown as TemplateStringsArray
          await tx.execute(drizzleSql(parts, ...values))
          undo(fails)
        })
      },
      query: (text, values) => pool.query(text, values),
      [Symbol.asyncDispose]: () => pool.end(),
    }
  },
  Knex: (connection) => {
    const db = knex({ client: "pg", connection })
    // Knex has no statements with numbered placeholders, and runs on pg itself
    const pool = new Pool({ connectionString: connection })
    return {
      order: async ({ text, values }, fails) => {
        await db.transaction(async (trx) => {
          await trx("orders").insert({ who: "Knex" })
          // safe: texts, null and bytes, as the driver takes them
          await trx.raw(text.replace(/\$\d/g, "?"), values as never[])
          undo(fails)
        })
      },
      query: (text, values) => pool.query(text, values),
      [Symbol.asyncDispose]: async () => {
        await pool.end()
        await db.destroy()
      },
    }
  },
}

let server: PostgresServer
let sandbox: Sandbox
let client: Aelyst
beforeAll(async () => {
  server = await startPostgres()
  sandbox = await Sandbox.start({ limit: 10_000 })
  client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
})
afterAll(async () => {
  await client?.close()
  await sandbox?.close()
  await server?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  sandbox.reset()
  await server.query("DROP TABLE IF EXISTS orders, aelyst_outbox, aelyst_outbox_meta")
  await server.query("CREATE TABLE orders (who text NOT NULL)")
})

describe.each(Object.entries(drivers))("statement, in a transaction of %s", (_, connect) => {
  it.each([
    ["in clear", []],
    ["encrypted", [Buffer.alloc(32, 3)]],
  ])("is sent if that is committed, and not if it is rolled back, %s", async (_how, keys) => {
    await using driver = connect(urlOf(server.port))
    const { query } = driver
    await using box = outbox({ client, store: postgres({ query }), encryptionKeys: keys })
    await box.stats()
    const contact = { firstName: "Ana", lastName: "O'Hara ? $1 :who" }
    const submit = (key: string) =>
      box.statement({ identifier: `id:${key}`, contact }, { idempotencyKey: key })
    const committed = submit("committed")
    const rolledBack = submit("rolled-back")
    await driver.order(committed, false)
    await expect(driver.order(rolledBack, true)).rejects.toBeInstanceOf(RolledBack)
    // the same order again, as after a lost reply to its COMMIT
    const repeated = submit("committed")
    await driver.order(repeated, false)
    expect(await box.drain()).toMatchObject({ created: 1 })
    expect(await box.get(committed.id)).toMatchObject({ state: "created", attempts: 1 })
    expect(await box.get(rolledBack.id)).toBeUndefined()
    expect(await box.get(repeated.id)).toBeUndefined()
    expect(sandbox.requests()).toHaveLength(1)
    expect(sandbox.contacts()).toMatchObject([contact])
    expect(await server.query("SELECT who FROM orders")).toHaveLength(2)
  })
})
