import { existsSync, readFileSync, readdirSync } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import { open } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it, vi } from "@effect/vitest"

import type { Importing } from "./importing.ts"
import { csv, importing, people } from "./importing.ts"
import { Running, bin, itIf, start, suiteOnPosix } from "./process.ts"

/** Starts the packed command in the directory of the test. */
const started = (test: Importing, args: ReadonlyArray<string>) =>
  start(args, { cwd: test.home.path, env: test.env })

/** Waits until the sandbox has created so many contacts. */
const created = (test: Importing, count: number): Promise<void> =>
  new Promise((resolve) => {
    const stop = test.sandbox.subscribe(() => {
      if (test.created().length < count) return
      stop()
      resolve()
    })
  })

const split = (text: string) => text.trimEnd().split("\n")

describe.concurrent("--ndjson", () => {
  it("prints a line for each row and one for the summary, on stdout alone", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(2), "Bo,bo@,,", "Cy,400@sandbox.test,,"))
    const { code, stdout } = await test.run(["import", "a.csv", "--yes", "--ndjson"])
    assert.strictEqual(code, 9)
    const lines = split(stdout).map((line) => JSON.parse(line))
    const rows = lines.slice(0, -1).toSorted((a, b) => a.row - b.row)
    assert.deepStrictEqual(
      rows.map(({ identifier, line, outcome, row, status }) => [
        row,
        line,
        identifier,
        outcome,
        status,
      ]),
      [
        [1, 2, "email:ana1@example.com", "created", 200],
        [2, 3, "email:ana2@example.com", "created", 200],
        [3, 4, undefined, "invalid", undefined],
        [4, 5, "email:400@sandbox.test", "rejected", 400],
      ],
    )
    for (const line of lines) assert.strictEqual(line.schemaVersion, 1)
    assert.strictEqual(rows[2].problems[0].code, "EMAIL_INVALID")
    assert.notProperty(rows[2].problems[0], "value")
    assert.deepInclude(lines.at(-1), { type: "summary", rows: 4, created: 2, exitCode: 9 })
  })
})

suiteOnPosix("P9 if the reader of the rows leaves, an import", () => {
  it("creates every contact, and keeps its exit code", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(300)))
    const pipe = `"$0" "$1" import a.csv --yes --ndjson --report none | head -1; exit \${PIPESTATUS[0]}`
    const { code, stdout, stderr } = await new Running(
      "bash",
      ["-c", pipe, process.execPath, bin],
      {
        cwd: test.home.path,
        env: test.env,
      },
    ).ended
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(split(stdout), 1)
    assert.lengthOf(test.created(), 300)
    assert.include(stderr, "300 rows = 300 created")
  })

  it("ends with 9 for a rejected row, too", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(50), "Cy,400@sandbox.test,,"))
    const running = started(test, ["import", "a.csv", "--yes", "--ndjson"])
    running.child.stdout.destroy()
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 9, stderr)
    assert.lengthOf(test.created(), 50)
  })
})

itIf(existsSync("/dev/full"))(
  "P9 creates every contact if the disk of the rows is full, and warns once",
  async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(50)))
    const full = new Running(
      "sh",
      ["-c", '"$0" "$1" import a.csv --yes --ndjson > /dev/full', process.execPath, bin],
      { cwd: test.home.path, env: test.env },
    )
    const { code, stderr } = await full.ended
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(test.created(), 50)
    assert.lengthOf(stderr.match(/cannot write to standard output \(ENOSPC\)/g) ?? [], 1)
  },
)

suiteOnPosix("on the first signal, an import", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    it(`P3: sends no more rows, waits for its requests, and ends with ${code}: ${signal}`, async () => {
      await using test = await importing({ limit: 20, windowMs: 1_000 })
      test.write("a.csv", csv(...people(200)))
      const some = created(test, 15)
      const running = started(test, ["import", "a.csv", "--yes"])
      await some
      running.child.kill(signal)
      const ended = await running.ended
      assert.strictEqual(ended.code, code, ended.stderr)
      assert.include(ended.stderr, `it got ${signal}`)
      const [, run = ""] = /Nothing is lost: aelyst resume (r_\w{4})/.exec(ended.stderr) ?? []
      const before = test.created().length
      assert.isBelow(before, 200)
      // those that a stop kept from leaving are no requests
      assert.include(ended.stderr, ` ${test.requests()} requests`)
      // what was in flight has an outcome: nothing is in doubt
      const shown = await test.run(["runs", "show", run, "--json"])
      assert.deepInclude(JSON.parse(shown.stdout).counts, { created: before, unknown: 0 })
    })
  }

  it("is resumed to its end without a request too many", async () => {
    await using test = await importing({ limit: 50, windowMs: 1_000 })
    test.write("a.csv", csv(...people(120)))
    const some = created(test, 40)
    const running = started(test, ["import", "a.csv", "--yes"])
    await some
    running.child.kill("SIGINT")
    assert.strictEqual((await running.ended).code, 130)
    const { code, stderr } = await test.run(["resume", "--yes"])
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(test.created(), 120)
    for (const { created: times, key } of test.sandbox.ledger()) assert.strictEqual(times, 1, key)
  })
})

suiteOnPosix("on a second signal, an import", () => {
  it("P3: ends at once, and the run can be resumed", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3), "Cy,stall@sandbox.test,,"))
    const some = created(test, 3)
    const running = started(test, ["import", "a.csv", "--yes", "--delivery", "report-only"])
    await some
    running.child.kill("SIGINT")
    await running.until(({ stderr }) => stderr.includes("Stopping: waiting"))
    running.child.kill("SIGINT")
    assert.strictEqual((await running.ended).code, 130)
    const { runs } = JSON.parse((await test.run(["runs", "--json"])).stdout)
    assert.strictEqual(runs[0].state, "unfinished")
  })
})

suiteOnPosix("K6: two imports of one file at once", () => {
  it("send each row once: the second says that the run is in use, or that all rows exist", async () => {
    await using test = await importing({ limit: 40, windowMs: 1_000 })
    test.write("a.csv", csv(...people(60)))
    const args = ["import", "a.csv", "--yes", "--rejects", "none", "--report", "none"]
    const ends = await Promise.all([started(test, args).ended, started(test, args).ended])
    const codes = ends.map(({ code }) => code).toSorted()
    assert.strictEqual(codes[0], 0)
    if (codes[1] !== 0) {
      assert.strictEqual(codes[1], 2)
      assert.include(ends.map(({ stderr }) => stderr).join(""), "another process uses this run")
    }
    assert.lengthOf(test.created(), 60)
    assert.strictEqual(test.requests(), 60)
  })
})

describe("an import whose file of rejects fails to be written", () => {
  it("lets the requests under way end, and sends no more", async () => {
    await using test = await importing()
    const slow = [2001, 2002, 2003].map((ms) => `Di,slow-${ms}ms@sandbox.test,,`)
    // more than the buffer of the file
    const note = "x".repeat(3_000)
    const rejected = people(25).map((_, at) => `Cy,${430 + at}@sandbox.test,,,${note}`)
    const rows = [...people(10), ...slow, ...rejected, ...people(20, 11)]
    const path = test.write("a.csv", csv(...rows).replace("Country", "Country,Note"))
    const handle = await open(path)
    const prototype: FileHandle = Object.getPrototypeOf(handle)
    await handle.close()
    const full = Object.assign(new Error("full"), { code: "ENOSPC" })
    using _spy = vi.spyOn(prototype, "appendFile").mockRejectedValueOnce(full)
    const flags = ["--ignore", "Note", "--concurrency", "5", "--yes", "--json"]
    const { code, stderr, stdout } = await test.run(["import", "a.csv", ...flags])
    assert.strictEqual(code, 10, stderr)
    const summary = JSON.parse(stdout)
    const made = test.created().length
    const sent = test.requests()
    assert.isBelow(sent, 58)
    const counts = { created: made, rejected: sent - made, not_sent: 58 - sent }
    assert.deepInclude(summary, { ...counts, unknown: 0, inDoubt: 0, rejects: null, exitCode: 10 })
    const { error } = JSON.parse(stderr)
    assert.deepStrictEqual([error.code, error.hints.length], ["FILE", 1])
    assert.include(error.message, "cannot write the file (ENOSPC)")
    const again = await test.run(["resume", summary.run, "--yes"])
    assert.strictEqual(again.code, 9, again.stderr)
    assert.lengthOf(test.created(), 33)
    // a row in doubt would be sent again
    for (const { key, posts } of test.sandbox.ledger()) assert.strictEqual(posts, 1, key)
    assert.lengthOf(test.read("a.rejects.csv").trimEnd().split("\n"), 26)
  })
})

describe.concurrent("every file of an import", () => {
  it("holds nothing of a contact, except for the file of rejected rows", async () => {
    await using test = await importing()
    const canary = "zebedee.quillfeather@example.com"
    test.write("a.csv", csv(`Zebedee,${canary},+60123456789,`, "Zebedee,quillfeather@,,"))
    const { stdout, stderr } = await test.run(["import", "a.csv", "--yes", "--json"])
    const state = join(test.home.path, "state", "runs")
    const left = readdirSync(state).map((name) => readFileSync(join(state, name), "latin1"))
    for (const text of [...left, stdout, stderr, test.read("a.report.json")]) {
      for (const value of [canary, "Zebedee", "quillfeather", "60123456789"]) {
        assert.notInclude(text, value)
      }
      assert.notInclude(text, test.sandbox.tokens.ok)
    }
    assert.include(test.read("a.rejects.csv"), "quillfeather@")
  })
})
