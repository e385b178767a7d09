/** A directory with one recorded run, and the command `runs` for it. */
import { join } from "node:path"

import type { JournalService, RunFacts } from "@aelyst/journal"
import { Runs, SqliteRuns } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { inside } from "./inside.ts"
import { Home } from "./process.ts"

const facts: RunFacts = {
  input: { sha256: "ab".repeat(32), bytes: 300, mapping: "m" },
  origin: "https://api.aelyst.ai",
  tokenClass: "cafe",
  delivery: "report-only",
  tool: "aelyst",
  options: { version: 1, file: "/data/leads.csv", flags: {}, set: {} },
}

const row = (number: number) =>
  ({
    state: "ready",
    number,
    line: number + 1,
    key: `email:${number}@example.com`,
    content: `${number}`,
  }) as const

/** Records a run of four rows: one created, one rejected, one in doubt, one left; and a duplicate. */
const record = (home: Home): Promise<string> =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const { journal } = yield* runs.start(facts)
    yield* journal.plan(
      Stream.make(row(1), row(2), row(3), row(4), { state: "duplicate" as const }),
    )
    const claim = yield* journal.claim()
    const send = Effect.fnUntraced(function* (
      number: number,
      end: Parameters<JournalService["outcome"]>[2],
    ) {
      const { key } = row(number)
      yield* journal.intent(claim, key, 1)
      yield* journal.outcome(claim, key, {
        ...end,
        attempts: [{ number: 1, phase: end.outcome === "unknown" ? "headers" : "answered" }],
      })
    })
    yield* send(1, { outcome: "created", status: 200 })
    yield* send(2, { outcome: "rejected", status: 400, code: "API_REJECTED" })
    yield* send(3, { outcome: "unknown", code: "OUTCOME_UNKNOWN" })
    yield* journal.release(claim)
    return journal.run.id
  }).pipe(
    Effect.scoped,
    Effect.provide(SqliteRuns.layer({ directory: join(home.path, "runs") })),
    Effect.runPromise,
  )

/** Creates the directory; it is removed after the test. */
export const withRun = async () => {
  const home = new Home()
  const id = await record(home)
  const runs = (...args: ReadonlyArray<string>) =>
    inside(["runs", ...args], { env: { AELYST_STATE_DIR: home.path } })
  return { home, id, runs, [Symbol.dispose]: () => home[Symbol.dispose]() }
}
