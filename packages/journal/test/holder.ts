/** Starts a run, says how that went, and keeps the run open until its input ends. */
import * as Effect from "effect/Effect"
import { once } from "node:events"

import * as SqliteRuns from "../src/SqliteRuns.ts"
import { facts, plan } from "./runs.ts"

const [directory = "", fresh] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const started = yield* SqliteRuns.make({ directory }).start(facts, { fresh: fresh === "fresh" })
  if (started.isNew) yield* started.journal.plan(plan(3))
  process.stdout.write(`runs ${started.journal.run.id}\n`)
  process.stdin.resume()
  yield* Effect.promise(() => once(process.stdin, "end"))
}).pipe(
  Effect.scoped,
  Effect.catch((error) =>
    Effect.sync(() => {
      process.stdout.write(`${error.reason}\n`)
    }),
  ),
)

await Effect.runPromise(program)
