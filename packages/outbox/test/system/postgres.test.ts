import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Pool } from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { outbox } from "../../src/index.ts"
import { postgres } from "../../src/postgres.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

/** Counts the files of the cluster, its log of writes included, that hold a text. */
const filesWith = async (text: string): Promise<number> => {
  await server.query("CHECKPOINT")
  const [found] = await server.query("SHOW data_directory")
  const directory = String(found?.["data_directory"])
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  return files.filter(
    (one) => one.isFile() && readFileSync(join(one.parentPath, one.name)).includes(text),
  ).length
}

it.each([
  ["leaves nothing readable in its files at any time when a key is given", "Canary-sealed", true],
  ["leaves contacts readable in its files without a key", "Canary-in-clear", false],
])("%s", async (_, firstName, isEncrypted) => {
  await using sandbox = await Sandbox.start({ limit: 10_000 })
  const down = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: sandbox.tokens.ok })
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  const pool = new Pool({ connectionString: urlOf(server.port) })
  const store = () => postgres({ query: (text, values) => pool.query(text, values) })
  const options = { log: () => {}, encryptionKeys: isEncrypted ? [Buffer.alloc(32, 5)] : [] }
  const before = outbox({ client: down, store: store(), ...options })
  const submission = {
    identifier: `email:${firstName}@example.com`,
    contact: { firstName },
  } as const
  await before.accept(submission)
  await before.accept(submission, { idempotencyKey: `${firstName}-key` })
  expect((await filesWith(firstName)) > 0).toBe(!isEncrypted)
  await before.close({ timeoutMs: 0 })
  const after = outbox({ client, store: store(), ...options })
  expect(await after.drain()).toMatchObject({ pending: 0 })
  await after.close()
  expect((await filesWith(firstName)) > 0).toBe(!isEncrypted)
  await Promise.all([down.close(), client.close(), pool.end()])
})

it("G8: parks a contact that always fails, and sends the others meanwhile", async () => {
  await using sandbox = await Sandbox.start({ limit: 10_000 })
  sandbox.fail({ status: 500, match: { identifier: "id:poison" } })
  const client = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    doubtDelayMs: 1_000,
  })
  await server.query("DROP TABLE IF EXISTS aelyst_outbox, aelyst_outbox_meta")
  const pool = new Pool({ connectionString: urlOf(server.port) })
  const store = postgres({ query: (text, values) => pool.query(text, values) })
  const box = outbox({ client, store, log: () => {}, maxRounds: 1 })
  const { id } = await box.accept({ identifier: "id:poison", contact: { firstName: "Ana" } })
  for (let n = 0; n < 20; n++) {
    await box.accept({ identifier: `id:${n}`, contact: { firstName: "Ana" } })
  }
  expect(await box.drain()).toMatchObject({ parked: 1, created: 20 })
  expect(await box.get(id)).toMatchObject({ state: "parked", doubt: true })
  expect(await box.verify()).toEqual([])
  await box.close()
  await Promise.all([client.close(), pool.end()])
})
