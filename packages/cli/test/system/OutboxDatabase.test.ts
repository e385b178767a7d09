import { execFileSync } from "node:child_process"
import { chownSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { postgres } from "@aelyst/outbox/postgres"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { Pool } from "pg"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import type { Importing } from "../importing.ts"
import { importing } from "../importing.ts"
import { accept, drainAtMostOnce } from "../outboxes.ts"
import { aelyst, start, startInTerminal } from "../process.ts"

const password = "canary_pw_Zx81qQ"

let server: PostgresServer
let pool: Pool
let data: string

/** Writes a file into the cluster, for its user. */
const write = (name: string, text: string): void => {
  const path = join(data, name)
  writeFileSync(path, text, { mode: 0o600 })
  const { gid, uid } = statSync(data)
  chownSync(path, uid, gid)
}

/** Lets the server offer TLS, with a certificate that it signs itself. */
const offerTls = async (): Promise<void> => {
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
  const files = ["-keyout", join(data, "new.key"), "-out", join(data, "new.crt")]
  execFileSync("openssl", [...request, ...name, ...files], { stdio: "ignore" })
  for (const kind of ["key", "crt"]) {
    write(`server.${kind}`, readFileSync(join(data, `new.${kind}`), "utf8"))
  }
  await server.query("ALTER SYSTEM SET ssl = on")
}

beforeAll(async () => {
  server = await startPostgres()
  const [found] = await server.query("SHOW data_directory")
  data = String(found?.["data_directory"])
  await server.query(`CREATE ROLE app LOGIN PASSWORD '${password}'`)
  await server.query("CREATE ROLE other LOGIN")
  await server.query("CREATE DATABASE empty")
  await server.query("GRANT ALL ON SCHEMA public TO app")
  await offerTls()
  write("pg_hba.conf", "host all app 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
  await server.query("SELECT pg_reload_conf()")
  pool = new Pool({ connectionString: url() })
  pool.on("error", () => {})
})
afterAll(async () => {
  await pool?.end()
  await server?.[Symbol.asyncDispose]()
})

const url = (parameters = ""): string =>
  `${urlOf(server.port, "app").replace("app@", `app:${password}@`)}${parameters}`

/** Creates the outbox in the database again, with these contacts. */
const filled = async (emails: ReadonlyArray<string>) => {
  await pool.query("DROP TABLE IF EXISTS aelyst_outbox, aelyst_outbox_meta")
  const store = () => postgres({ query: (text, values) => pool.query(text, values) })
  const test = await importing()
  const ids = await accept({ store: store() }, emails)
  return { test, ids, store }
}

const run = (
  test: Importing,
  args: ReadonlyArray<string>,
  { parameters = "", ...env }: { readonly parameters?: string; readonly PGSSLMODE?: string } = {},
) => test.run(["outbox", ...args], { env: { AELYST_STORE: url(parameters), ...env } })

const people = ["ana@example.com", "bo@example.com", "cy@example.com"]

describe("aelyst outbox, on Postgres", () => {
  it("counts, lists, shows, checks and drains, each contact once", async () => {
    const { ids, test } = await filled(people)
    await using _ = test
    const stats = await run(test, ["stats", "--json"])
    assert.deepInclude(JSON.parse(stats.stdout), { ok: true, pending: 3, created: 0 })
    const list = await run(test, ["list"])
    const listed = list.stdout.trimEnd().split("\n")
    assert.deepStrictEqual(
      listed.map((row) => row.split("\t")[0]),
      ids.toReversed(),
    )
    const shown = await run(test, ["show", ids[0] ?? "", "--show-values"])
    assert.include(shown.stdout, "identifier\temail:ana@example.com\n")
    const verified = await run(test, ["verify"])
    assert.strictEqual(verified.stdout, `127.0.0.1:${server.port}/postgres is sound\n`)
    const drained = await run(test, ["drain"])
    assert.strictEqual(drained.code, 0, drained.stderr)
    assert.include(drained.stderr, "3 contacts = 3 created + 0 already there + 0 rejected")
    assert.sameMembers(
      [...test.created()],
      people.map((email) => `email:${email}`),
    )
    assert.strictEqual(test.requests(), 3)
    for (const ended of [stats, list, shown, verified, drained]) {
      assert.notInclude(ended.stdout + ended.stderr, password)
    }
  })

  it("sends a parked contact again when it is asked to", async () => {
    const { ids, store, test } = await filled(["drop-x1@sandbox.test"])
    await using _ = test
    const { baseUrl, tokens } = test.sandbox
    await drainAtMostOnce({ store: store() }, { baseUrl, token: tokens.ok })
    const parked = await run(test, ["list", "--state", "parked"])
    assert.include(parked.stdout, `${ids[0]}\tparked`)
    assert.strictEqual((await run(test, ["replay", ids[0] ?? ""])).code, 0)
    assert.strictEqual((await run(test, ["drain"])).code, 0)
  })

  it("honours sslmode, and verifies the certificate if it says so", async () => {
    const { test } = await filled([])
    await using _ = test
    const ca = `sslrootcert=${join(data, "server.crt")}`
    const encrypted = async (parameters: string, PGSSLMODE = "") => {
      const seen = await run(test, ["stats", "--json"], { parameters, PGSSLMODE })
      assert.notInclude(seen.stdout + seen.stderr, password)
      return seen
    }
    for (const parameters of [
      "",
      "?sslmode=disable",
      "?sslmode=prefer",
      "?sslmode=require",
      `?sslmode=verify-ca&${ca}`,
      `?sslmode=verify-full&${ca}`,
    ]) {
      const { code, stderr } = await encrypted(parameters)
      assert.deepStrictEqual([code, stderr], [0, ""], parameters)
    }
    const stranger = await encrypted("?sslmode=verify-full")
    assert.strictEqual(stranger.code, 2)
    assert.include(stranger.stderr, "cannot be verified: DEPTH_ZERO_SELF_SIGNED_CERT")
    const byVariable = await encrypted("", "verify-full")
    assert.include(byVariable.stderr, "cannot be verified: DEPTH_ZERO_SELF_SIGNED_CERT")
    const missing = await encrypted("?sslmode=verify-full&sslrootcert=/none.crt")
    assert.include(missing.stderr, "names cannot be read (ENOENT)")

    // a server without TLS
    await server.query("ALTER SYSTEM SET ssl = off")
    await server.query("SELECT pg_reload_conf()")
    await vi.waitUntil(async () => (await encrypted("?sslmode=require")).code === 2, {
      timeout: 60_000,
      interval: 200,
    })
    const required = await encrypted("?sslmode=require")
    assert.include(required.stderr, "does not offer TLS, which sslmode=require asks for")
    assert.strictEqual((await encrypted("?sslmode=prefer")).code, 0)
    await server.query("ALTER SYSTEM SET ssl = on")
    await server.query("SELECT pg_reload_conf()")
  })

  it("says what is wrong with a database, without its password", async () => {
    const { test } = await filled([])
    await using _ = test
    const local = urlOf(server.port, "postgres")
    const cases = [
      [url().replace(password, "canary_wrong"), "rejected the user or the password"],
      [url().replace(`:${password}`, ""), "asks for a password"],
      [local.replace("/postgres?", "/none?").replace(/\/postgres$/, "/none"), "does not exist"],
      [local.replace(/\/postgres$/, "/empty"), "has no outbox"],
    ] as const
    for (const [store, problem] of cases) {
      const ended = await test.run(["outbox", "stats"], { env: { AELYST_STORE: store } })
      assert.strictEqual(ended.code, 2)
      assert.include(ended.stderr, problem)
      assert.notMatch(ended.stdout + ended.stderr, /canary/)
    }
    const made = await server.query(
      "SELECT count(*)::int AS count FROM pg_database WHERE datname = 'none'",
    )
    assert.deepStrictEqual(made, [{ count: 0 }])
  })
})

const isSlow = ({ path }: { readonly path: string }) => path.includes("slow")

describe("the packed command, on Postgres", () => {
  it("shows the password in no output and in no list of processes", async () => {
    const { test } = await filled(["slow-6s@sandbox.test", ...people])
    await using _ = test
    writeFileSync(join(test.home.path, "url"), url(), { mode: 0o600 })
    const args = ["outbox", "drain", "--store-file", "url", "-vv"]
    const running = start(args, { env: test.env, cwd: test.home.path })
    await vi.waitUntil(() => test.sandbox.requests().length > 0, { timeout: 60_000 })
    const seen = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    const commandLine = readFileSync(`/proc/${running.child.pid}/cmdline`, "utf8")
    assert.include(commandLine, "--store-file")
    const { code, stderr, stdout } = await running.ended
    assert.strictEqual(code, 0, stderr)
    for (const text of [seen, commandLine, stderr, stdout]) assert.notInclude(text, password)
    assert.lengthOf(test.created(), 4)
  })

  it("ends the requests in flight after Ctrl-C, with 130, and another run sends the rest", async () => {
    const { test } = await filled(["slow-6s@sandbox.test", ...people])
    await using _ = test
    const env = { ...test.env, AELYST_STORE: url() }
    const running = startInTerminal(["outbox", "drain", "--concurrency", "1"], { env })
    await vi.waitUntil(() => test.sandbox.requests().some(isSlow), { timeout: 60_000 })
    running.child.stdin.write("\u0003")
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 130, stdout)
    assert.include(stdout, "Draining 127.0.0.1:")
    assert.include(stdout, "Stopping: waiting for the requests in flight")
    assert.include(test.created(), "email:slow-6s@sandbox.test")
    const rest = await aelyst(["outbox", "drain"], { env })
    assert.strictEqual(rest.code, 0, rest.stderr)
    assert.lengthOf(test.created(), 4)
    for (const { posts } of test.sandbox.ledger()) assert.strictEqual(posts, 1)
  })
})
