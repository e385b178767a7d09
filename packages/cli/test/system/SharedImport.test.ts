import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { afterAll, assert, beforeAll, describe, expect, it } from "@effect/vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import type { Importing } from "../importing.ts"
import { csv, importing, people } from "../importing.ts"
import { start } from "../process.ts"

const password = "canary_pw_Zx81qQ"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
  await server.query(`CREATE ROLE app LOGIN PASSWORD '${password}'`)
  await server.query("GRANT ALL ON SCHEMA public TO app")
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const url = () => urlOf(server.port, "app").replace("app@", `app:${password}@`)

/** Runs the command with the database, and checks that nothing shows the password. */
const run = async (test: Importing, ...args: ReadonlyArray<string>) => {
  const ended = await test.run(args, { env: { AELYST_STORE: url() } })
  assert.notInclude(ended.stdout + ended.stderr, password)
  return ended
}

const planned = async (rows: ReadonlyArray<string>, options = {}) => {
  const test = await importing(options)
  const file = test.write("big.csv", csv(...rows))
  const { code, stderr, stdout } = await run(test, "import", file, "--yes")
  assert.strictEqual(code, 0, stderr)
  return { test, file, stderr, id: stdout.trim() }
}

describe("an import through a database", () => {
  it("is planned and approved by import, and sent by a worker", async () => {
    const { id, stderr, test } = await planned([...people(45), "Gus,nowhere,,"])
    await using _ = test
    assert.match(id, /^r_[0-9A-Z]{4,}$/)
    assert.strictEqual(test.requests(), 0)
    assert.notInclude(stderr, "rejects.csv")
    const before = await run(test, "runs", "list", "--json")
    assert.deepInclude(JSON.parse(before.stdout).runs[0], { id, step: "running" })
    const worker = await run(test, "worker", "--until-idle", "--json")
    assert.strictEqual(worker.code, 0, worker.stderr)
    assert.deepInclude(JSON.parse(worker.stdout), { ok: true, end: "idle", created: 45 })
    assert.lengthOf(test.created(), 45)
    const shown = await run(test, "runs", "show", id)
    assert.include(shown.stdout, "created\t45\n")
    assert.include(shown.stdout, "step\tended\n")
    assert.include(shown.stdout, "ranges\t1 of 1 ended, 0 in work\n")
    for (const step of [["pause"], ["continue"], ["cancel", "--yes"]]) {
      const late = await run(test, "runs", ...step, id)
      assert.strictEqual(late.code, 0)
      assert.include(late.stderr, "has already ended, and stays so; 0 rows left")
    }
  })

  it("is followed to its end, and reported as one of this machine", async () => {
    await using test = await importing()
    const file = test.write("followed.csv", csv(...people(12, 100), "Gus,nowhere,,"))
    const following = run(test, "import", file, "--yes", "--follow", "--json")
    // it waits until the import is there
    let sent = 0
    while (sent < 12) {
      await run(test, "worker", "--until-idle", "--quiet")
      sent += test.requests()
    }
    const { code, stdout } = await following
    assert.strictEqual(code, 9)
    assert.deepInclude(JSON.parse(stdout), { rows: 13, created: 12, createdNow: 12, invalid: 1 })
    assert.notInclude(stdout, "requests")
    const report = JSON.parse(test.read("followed.report.json"))
    assert.deepInclude(report.totals, { created: 12, earlier: 0 })
    assert.notProperty(report.totals, "requests")
    assert.include(test.read("followed.rejects.csv"), "Gus,nowhere")
    assert.lengthOf(test.created(), 12)
    const again = await run(test, "import", file, "--yes", "--follow")
    assert.strictEqual(again.code, 9, again.stderr)
    assert.include(again.stderr, "13 rows = 0 created + 12 already there + 1 invalid")
    assert.strictEqual(test.requests(), 0)
  })

  it("stores no value of --set with the run", async () => {
    await using test = await importing()
    const file = test.write("set.csv", csv(...people(2, 700)))
    const { code, stderr } = await run(
      test,
      "import",
      file,
      "--yes",
      "--set",
      "profilePic=https://canary.example/a.png",
    )
    assert.strictEqual(code, 0, stderr)
    const found = await server.query(
      "SELECT count(*) AS n FROM aelyst_run WHERE facts LIKE '%canary%'",
    )
    assert.strictEqual(Number(found[0]?.["n"]), 0)
    assert.strictEqual((await run(test, "worker", "--until-idle")).code, 0)
    assert.include(JSON.stringify(test.sandbox.contacts()), "canary.example")
  })

  it("is paused, continued and cancelled", async () => {
    const { id, test } = await planned(people(30, 200))
    await using _ = test
    const step = async (...args: ReadonlyArray<string>) => {
      const { code, stderr, stdout } = await run(test, "runs", ...args, id, "--json")
      assert.strictEqual(code, 0, stderr)
      return JSON.parse(stdout)
    }
    assert.deepInclude(await step("pause"), { step: "paused", left: 30 })
    assert.deepInclude(await step("continue"), { step: "running", left: 30 })
    const unasked = await run(test, "runs", "cancel", id)
    assert.strictEqual(unasked.code, 2)
    assert.include(unasked.stderr, "cancelling an import needs a confirmation")
    assert.deepInclude(await step("cancel", "--yes"), { step: "cancelled", left: 30 })
    await run(test, "worker", "--until-idle")
    assert.strictEqual(test.requests(), 0)
    const refused = await run(test, "runs", "continue", id)
    assert.strictEqual(refused.code, 2)
  })

  it("is released by a worker that gets SIGTERM, with no row in doubt", async () => {
    const { id, test } = await planned(people(120, 300), { limit: 40, latencyMs: 20 })
    await using _ = test
    const env = { ...test.env, AELYST_STORE: url() }
    const worker = start(["worker", "--concurrency", "4"], { cwd: test.home.path, env })
    await expect.poll(() => test.sandbox.contacts().length, { timeout: 60_000 }).toBeGreaterThan(9)
    worker.child.kill("SIGTERM")
    const { code, stderr } = await worker.ended
    assert.strictEqual(code, 143)
    assert.include(stderr, "worker ended (stopped)")
    assert.notInclude(stderr, password)
    const between = JSON.parse((await run(test, "runs", "show", id, "--json")).stdout)
    assert.deepInclude(between, { inDoubt: [], step: "running" })
    assert.strictEqual(between.ranges.claimed, 0)
    assert.strictEqual((await run(test, "worker", "--until-idle")).code, 0)
    const { counts } = JSON.parse((await run(test, "runs", "show", id, "--json")).stdout)
    assert.deepInclude(counts, { created: 120, exists_after_doubt: 0 })
    assert.lengthOf(test.created(), 120)
  })

  it("ends a worker whose token is rejected", async () => {
    const { test } = await planned(people(3, 500))
    await using _ = test
    const { sandbox } = test
    sandbox.fail({ status: 401, times: 1 })
    const { code, stderr } = await run(test, "worker", "--until-idle", "--concurrency", "1")
    assert.strictEqual(code, 4)
    assert.include(stderr, "Aelyst rejected the token (401)")
  })

  it("takes the URL from a file, and never a password from an argument", async () => {
    await using test = await importing()
    const file = test.write("few.csv", csv(...people(2, 600)))
    for (const command of [["import", file, "--yes"], ["worker"], ["runs", "list"]]) {
      const { code, stderr, stdout } = await test.run([...command, "--store", url()])
      assert.strictEqual(code, 2)
      assert.include(stderr, "--store holds a password: arguments are visible")
      assert.notInclude(stderr + stdout, password)
    }
    writeFileSync(join(test.home.path, "url"), url(), { mode: 0o600 })
    const { code, stderr } = await test.run(["import", file, "--yes", "--store-file", "url"])
    assert.strictEqual(code, 0, stderr)
    assert.notInclude(stderr, password)
    const refused = await test.run(["import", file, "--yes", "--store-file", "url", "--limit", "1"])
    assert.include(refused.stderr, "--limit and --store-file exclude each other")
  })

  it("tells before the file is read that the database cannot be used", async () => {
    await using test = await importing()
    const file = test.write("unread.csv", csv(...people(2, 800)))
    await server.query("CREATE ROLE poor LOGIN")
    const poor = urlOf(server.port, "poor")
    const cases = [
      [`postgres://app:${password}@127.0.0.1:1/app`, "cannot reach the database"],
      [url().replace(/\w+$/, "none"), "does not exist"],
      [poor.replace("poor@", "missing@"), "rejected the user"],
      [`${url()}?sslmode=require`, "does not offer TLS, which sslmode=require asks for"],
      [`http${url().slice("postgres".length)}`, "AELYST_STORE holds no URL of a Postgres database"],
      [poor, "lacks a privilege (42501)"],
    ]
    await run(test, "import", file, "--yes")
    await server.query("GRANT USAGE ON SEQUENCE aelyst_epoch TO poor")
    for (const [given = "", words = ""] of cases) {
      const { code, stderr } = await test.run(["import", file, "--yes"], {
        env: { AELYST_STORE: given },
      })
      assert.strictEqual(code, 2)
      assert.include(stderr, words)
      assert.notInclude(stderr, "unread.csv")
      assert.notInclude(stderr, password)
    }
    await server.query(
      "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO poor; REVOKE INSERT ON aelyst_wait FROM poor",
    )
    const { stderr } = await test.run(["import", file, "--yes"], { env: { AELYST_STORE: poor } })
    assert.include(stderr, "lacks a privilege (INSERT on aelyst_wait)")
    assert.notInclude(stderr, "unread.csv")
  })

  it("says what is wrong with a database or a key, without the URL", async () => {
    await using test = await importing()
    const nowhere = `postgres://app:${password}@127.0.0.1:1/app`
    const down = await test.run(["worker"], { env: { AELYST_STORE: nowhere } })
    assert.strictEqual(down.code, 2)
    assert.include(down.stderr, "cannot reach the database 127.0.0.1:1/app: ECONNREFUSED")
    const env = { AELYST_STORE: url(), AELYST_STORE_KEY: "short" }
    const key = await test.run(["worker"], { env })
    assert.include(key.stderr, "AELYST_STORE_KEY holds no key of 32 bytes as base64")
    const none = await test.run(["worker"])
    assert.include(none.stderr, "no database is named")
    assert.notInclude(down.stderr + key.stderr + none.stderr, password)
  })
})
