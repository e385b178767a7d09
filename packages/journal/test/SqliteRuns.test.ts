import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import * as SqliteRuns from "../src/SqliteRuns.ts"
import {
  contentOf,
  facts,
  keyOf,
  otherFile,
  plan,
  ready,
  send,
  shown,
  temporaryDirectory,
} from "./runs.ts"

const place = Effect.map(temporaryDirectory, (directory) => {
  const runs = join(directory, "state", "runs")
  return { directory: runs, runs: SqliteRuns.make({ directory: runs }) }
})

/** A process that starts the run of the facts, and the first line that it says. */
const holder = (directory: string, fresh = "") =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const program = fileURLToPath(new URL("holder.ts", import.meta.url))
      const child = spawn(process.execPath, [program, directory, fresh], {
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "aelyst-journal-compiled") },
      })
      let warnings = ""
      child.stderr.on("data", (data: Buffer) => (warnings += data.toString()))
      const [said] = await once(child.stdout, "data")
      return { child, said: String(said).trim(), warnings: () => warnings }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL")),
  )

describe("SqliteRuns", () => {
  for (const [title, count, isPlanned] of [
    ["a new run", 20, false],
    ["an existing run, also if some want a fresh one", 8, true],
  ] as const)
    it.live(`K6, K7: lets exactly one of ${count} processes use ${title}`, () =>
      Effect.gen(function* () {
        const { directory, runs } = yield* place
        if (isPlanned)
          yield* Effect.scoped(
            Effect.flatMap(runs.start(facts), ({ journal }) => journal.plan(plan(3))),
          )
        const all = yield* Effect.all(
          Array.from({ length: count }, (_, index) =>
            holder(directory, index % 4 === 3 && isPlanned ? "fresh" : ""),
          ),
          { concurrency: "unbounded" },
        )
        const said = all.map((one) => one.said)
        assert.strictEqual(said.filter((text) => text.startsWith("runs r_")).length, 1, said.join())
        assert.strictEqual(said.filter((text) => text === "locked").length, count - 1)
        // K7: nothing of the killed one is in the way of the next
        const winner = all.find((one) => one.said.startsWith("runs"))
        const gone = once(winner?.child ?? process, "exit")
        winner?.child.kill("SIGKILL")
        yield* Effect.promise(() => gone)
        const next = yield* holder(directory)
        assert.strictEqual(next.said, winner?.said)
        assert.notInclude(next.warnings(), "SQLite")
      }),
    )

  it.live("lists a run that another process uses, and removes none in use", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      const { said } = yield* holder(directory)
      const [entry] = yield* runs.list
      assert.deepInclude(entry, { id: said.slice(5), state: "running" })
      assert.strictEqual((yield* Effect.flip(runs.remove(said.slice(5)))).reason, "locked")
      const { journal } = yield* runs.start(otherFile("ff"))
      const earlier = yield* runs.earlier(journal.run)
      assert.deepStrictEqual([earlier.runs, earlier.locked], [[], [said.slice(5)]])
    }),
  )

  it.effect("keeps no identifier, name or value, also in the WAL", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      const { journal } = yield* runs.start(facts)
      yield* journal.plan(plan(50))
      const claim = yield* journal.claim()
      for (let person = 1; person <= 50; person += 1)
        yield* send(journal, claim, person, "rejected")
      const files = readdirSync(directory)
      assert.strictEqual(files.length, 2)
      for (const file of files) {
        const bytes = readFileSync(join(directory, file)).toString("latin1")
        for (const text of [keyOf(7).slice(6, 13), "example.test\0", contentOf(7), 'firstName"'])
          assert.notInclude(bytes, text)
      }
    }),
  )

  it.effect("takes 200 bytes a row at most, with its attempt", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      const rows = 5_000
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { journal } = yield* runs.start(facts)
          yield* journal.plan(plan(rows))
          const claim = yield* journal.claim()
          yield* Effect.forEach(
            Array.from({ length: rows }, (_, index) => index + 1),
            (person) => send(journal, claim, person),
            { concurrency: 32, discard: true },
          )
        }),
      )
      const [file = ""] = readdirSync(directory)
      assert.isBelow(statSync(join(directory, file)).size / rows, 200)
    }),
  )

  it.effect("K9: sends nothing for a file that was saved again: other bytes, another order", () =>
    Effect.gen(function* () {
      const { runs } = yield* place
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { journal } = yield* runs.start(facts)
          yield* journal.plan(plan(600))
          const claim = yield* journal.claim()
          yield* Effect.forEach(
            Array.from({ length: 600 }, (_, index) => index + 1),
            (person) => send(journal, claim, person),
            { concurrency: 32, discard: true },
          )
        }),
      )
      const { journal } = yield* runs.start(otherFile("saved again"))
      const reversed = Stream.map(Stream.range(1, 600), (number) => ready(601 - number, number))
      const counts = yield* journal.plan(reversed, yield* runs.earlier(journal.run))
      assert.deepInclude(counts, { total: 600, created: 600, earlier: 600, not_sent: 0 })
    }),
  )

  it.effect("uses the file that it is given, and refuses that of another input", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      mkdirSync(directory, { recursive: true })
      const path = join(directory, "my-journal.db")
      const { journal } = yield* Effect.scoped(runs.start(facts, { path }))
      assert.strictEqual(journal.run.id, "my-journal")
      const error = yield* Effect.flip(Effect.scoped(runs.start(otherFile("ff"), { path })))
      assert.strictEqual(error.reason, "other_input")
      assert.strictEqual((yield* Effect.scoped(runs.open(path))).run.id, "my-journal")
    }),
  )

  it.effect("lists what cannot be read with its error, and plans nothing without it", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      yield* Effect.scoped(runs.start(facts))
      const [file = ""] = readdirSync(directory)
      writeFileSync(
        join(directory, file),
        "not a database, and long enough to be looked at".repeat(9),
      )
      const [entry] = yield* runs.list
      assert.strictEqual(entry?.state, "unreadable")
      assert.strictEqual(entry?.error?.reason, "not_a_journal")
      const { journal } = yield* runs.start(otherFile("ff"))
      const error = yield* Effect.flip(Effect.scoped(runs.earlier(journal.run)))
      assert.strictEqual(error.path, join(directory, file))
    }),
  )

  it.effect("leaves nothing but the files of runs", () =>
    Effect.gen(function* () {
      const { directory, runs } = yield* place
      yield* Effect.scoped(Effect.tap(runs.start(facts), ({ journal }) => journal.plan(plan(2))))
      yield* Effect.scoped(runs.start(facts, { fresh: true }))
      const files = readdirSync(directory)
      assert.strictEqual(files.length, 2)
      for (const file of files) assert.match(file, /^r_\w{4}-[0-9a-f]{16}-[12]\.db$/)
      assert.strictEqual(statSync(directory).mode & 0o777, 0o700)
      const { journal } = yield* runs.start(facts)
      assert.deepStrictEqual(yield* shown(journal), [])
    }),
  )
})
