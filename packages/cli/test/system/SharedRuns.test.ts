import { rmSync } from "node:fs"

import type { SandboxOptions } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { startPostgres, urlOf } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { csv, importing, people } from "../importing.ts"
import { start } from "../process.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

/** A directory with an import in the database, and the command with that database. */
const planned = async (
  rows: ReadonlyArray<string>,
  flags: ReadonlyArray<string> = [],
  options: SandboxOptions = {},
) => {
  const test = await importing(options)
  const file = test.write("some.csv", csv(...rows))
  const env = { AELYST_STORE: urlOf(server.port) }
  const run = (...args: ReadonlyArray<string>) => test.run(args, { env })
  const { code, stderr, stdout } = await run("import", file, "--yes", ...flags)
  assert.strictEqual(code, 0, stderr)
  const id = stdout.trim()
  const json = async (...args: ReadonlyArray<string>) =>
    JSON.parse((await run(...args, "--json")).stdout)
  return {
    ...test,
    test,
    env: { ...test.env, ...env },
    file,
    id,
    json,
    run,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

/** Runs a worker until the command has ended. */
const withWorker = async <A>(test: Awaited<ReturnType<typeof planned>>, command: Promise<A>) => {
  const worker = start(["worker", "--quiet"], { cwd: test.home.path, env: test.env })
  const ended = await command
  worker.child.kill("SIGTERM")
  await worker.ended
  return ended
}

describe("aelyst runs, of a database", () => {
  it("exports and verifies a run, as one of this machine", async () => {
    await using test = await planned(people(3))
    await test.run("worker", "--until-idle", "--quiet")
    const exported = await test.run("runs", "export", test.id)
    const lines = exported.stdout.trimEnd().split("\n")
    const states = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "row")
    assert.deepStrictEqual(
      states.map(({ number, state }) => [number, state]),
      [1, 2, 3].map((number) => [number, "created"]),
    )
    assert.notInclude(exported.stdout, "example.com")
    const table = await test.run("runs", "export", test.id, "--format", "csv")
    assert.include(table.stdout, "1,2,created,false,1,200,,")
    const verified = await test.run("runs", "verify", test.id)
    assert.deepStrictEqual(
      [verified.code, verified.stdout],
      [0, `${test.id} is sound: 3 rows, 3 attempts\n`],
    )
    const none = await test.run("runs", "verify", "r_NONE")
    assert.strictEqual(none.code, 2)
    assert.match(none.stderr, /there is no such run \(r_NONE\).*\[JOURNAL\]/)
  })

  it("shows rows whose request is under way, and leaves no decision about them to a person", async () => {
    await using test = await planned(people(2, 100))
    const identifier = "email:ana100@example.com"
    const { sandbox } = test
    sandbox.fail({ preset: "stall", match: { identifier } })
    const worker = start(["worker"], { cwd: test.home.path, env: test.env })
    const show = () => test.json("runs", "show", test.id)
    let shown = await show()
    while (shown.counts.created < 1 || shown.underWay < 1) shown = await show()
    assert.deepInclude(shown.counts, { created: 1, unknown: 0, inDoubt: 0, not_sent: 1 })
    assert.include((await test.run("runs", "show", test.id)).stdout, "under way\t1\n")
    const early = await test.run("runs", "resolve", test.id, "--row", "1", "--as", "rejected")
    assert.strictEqual(early.code, 2)
    assert.include(early.stderr, "another owner holds these rows")
    const removed = await test.run("runs", "rm", test.id, "--yes")
    assert.strictEqual(removed.code, 2)
    assert.include(removed.stderr, "pause or cancel it first")
    worker.child.kill("SIGKILL")
    await worker.ended
  })

  it("resolves rows in doubt, and sends again what a person says", async () => {
    await using test = await planned(people(3, 200), ["--delivery", "report-only"])
    const identifier = "email:ana201@example.com"
    const { sandbox } = test
    sandbox.fail({ preset: "drop-before", match: { identifier }, times: 1 })
    await test.run("worker", "--until-idle", "--quiet")
    const { inDoubt } = await test.json("runs", "show", test.id)
    assert.deepInclude(inDoubt[0], { row: 2 })
    const resolve = ["runs", "resolve", test.id, "--row", "all", "--as"]
    const resolved = await test.run(...resolve, "send-again")
    assert.strictEqual(
      resolved.stderr,
      `1 row resolved as send-again\nto send them: aelyst runs continue ${test.id}\n`,
    )
    await test.run("runs", "continue", test.id)
    await test.run("worker", "--until-idle", "--quiet")
    assert.deepInclude((await test.json("runs", "show", test.id)).counts, {
      unknown: 0,
      not_sent: 0,
    })
    const none = await test.run("runs", "resolve", test.id, "--row", "1", "--as", "created")
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "row 1 is not in doubt")
  })

  it("removes and prunes runs with their imports", async () => {
    await using test = await planned(people(2, 300))
    const refused = await test.run("runs", "rm", test.id)
    assert.strictEqual(refused.code, 2)
    assert.include(refused.stderr, "fix:   add --yes")
    await test.run("runs", "pause", test.id)
    const removed = await test.run("runs", "rm", test.id.toLowerCase(), "--yes")
    assert.deepStrictEqual(
      [removed.code, removed.stderr],
      [0, `${test.id} of 127.0.0.1:${server.port}/postgres removed\n`],
    )
    await test.run("import", test.file, "--yes")
    await test.run("worker", "--until-idle", "--quiet")
    const recent = await test.run("runs", "prune")
    assert.strictEqual(recent.stderr, "0 runs removed\n")
    const { removed: gone } = await test.json("runs", "prune", "--older-than", "0s")
    assert.include(gone, test.id)
    const left = await server.query("SELECT * FROM aelyst_run WHERE id = $1", [test.id])
    assert.deepStrictEqual(left, [])
  })

  it("says which is meant if this machine has a run with the same ID", async () => {
    await using test = await planned(people(2, 400))
    await test.run("worker", "--until-idle", "--quiet")
    const { stderr } = await test.run("import", test.file, "--yes", "--journal", "state/runs")
    assert.strictEqual(stderr.includes("error"), false, stderr)
    const shown = await test.run("runs", "show", test.id)
    assert.include(
      shown.stderr,
      `this is the run ${test.id} of 127.0.0.1:${server.port}/postgres; this machine has one with the same ID`,
    )
    assert.include(shown.stdout, "created\t2\n")
    const places = (await test.run("runs")).stdout.split("\n").map((line) => line.split("\t"))
    const mine = places.filter(([id]) => id === test.id).map((cells) => cells.at(-1))
    assert.sameMembers(mine, ["this machine", "database"])
    const { runs } = await test.json("runs")
    const { journal } = runs.find(({ journal: path }: { journal: string }) => path.endsWith(".db"))
    const local = await test.run("runs", "show", journal)
    assert.strictEqual(local.stderr, "")
    assert.notInclude(local.stdout, "step\t")
  })
})

describe("aelyst resume, of a database", () => {
  it("continues the newest unfinished run, follows it, and reports as for one of this machine", async () => {
    await using test = await planned([...people(3, 500), "Gus,nowhere,,"])
    await test.run("runs", "pause", test.id)
    const { code, stderr } = await withWorker(test, test.run("resume", "--yes"))
    assert.strictEqual(code, 9, stderr)
    assert.include(stderr, "4 rows = 3 created + 1 invalid")
    assert.include(test.read("some.rejects.csv"), "Gus,nowhere")
    assert.lengthOf(test.created(), 3)
  })

  it("says what to do without the file, after a cancel, and for values that it does not keep", async () => {
    await using test = await planned(people(2, 600), ["--set", "language=en"])
    const set = await test.run("resume", test.id, "--yes")
    assert.strictEqual(set.code, 2)
    assert.include(set.stderr, "--set")
    await server.query("UPDATE aelyst_run SET approved = NULL")
    const file = test.write("other.csv", csv(...people(2, 610)))
    const { stdout } = await test.run("import", file, "--yes")
    rmSync(file)
    const gone = await test.run("resume", stdout.trim(), "--yes")
    assert.strictEqual(gone.code, 2)
    assert.match(gone.stderr, /is not on this machine: .*other\.csv.*\n.*aelyst runs continue r_/)
    await test.run("runs", "cancel", stdout.trim(), "--yes")
    const cancelled = await test.run("resume", stdout.trim(), "--yes")
    assert.include(cancelled.stderr, `run ${stdout.trim()} was cancelled`)
  })

  it("continues with a token that took the place of the first, once that is confirmed", async () => {
    const token = "rotated_token"
    await using test = await planned(people(2, 700), [], {
      extraTokens: { [token]: { limit: 1_000 } },
    })
    const rotated = (...args: ReadonlyArray<string>) =>
      test.test.run(args, { env: { ...test.env, AELYST_TOKEN: token } })
    const worker = () => rotated("worker", "--until-idle")
    const other = await worker()
    assert.strictEqual(other.code, 0)
    const hint = `same account: aelyst runs continue ${test.id} --allow-changed`
    assert.include(
      other.stderr,
      `${test.id} is for workers with another token. If that is of the ${hint}`,
    )
    assert.lengthOf(test.created(), 0)
    const unsure = await rotated("import", test.file, "--yes")
    assert.strictEqual(unsure.code, 2)
    assert.include(unsure.stderr, `run ${test.id} of this file was made with another token`)
    assert.include(unsure.stderr, "--allow-changed if both tokens belong to one account")
    const sure = await rotated("runs", "continue", test.id, "--allow-changed")
    assert.strictEqual(sure.code, 0, sure.stderr)
    assert.include((await worker()).stderr, `worker: sending ${test.id}\n`)
    assert.lengthOf(test.created(), 2)
    const again = await rotated("resume", test.id, "--yes", "--allow-changed")
    assert.strictEqual(again.code, 0, again.stderr)
  })
})
