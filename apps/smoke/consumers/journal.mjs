import { AelystClient, AttemptGate, layerConfig } from "@aelyst/core"
import { Runs, SqliteRuns, attemptGate } from "@aelyst/journal"
import { PostgresRuns } from "@aelyst/journal/postgres"
import { Effect, Layer, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

const key = "id:journal-import"
const program = Effect.gen(function* () {
  const { journal } = yield* (yield* Runs).start({
    input: { sha256: "", bytes: 0, mapping: "" },
    origin: "http://127.0.0.1",
    tokenClass: "sandbox",
    delivery: "natural-key",
    tool: "smoke",
  })
  yield* journal.plan(Stream.make({ state: "ready", number: 1, line: 2, key, content: "" }))
  const claim = yield* journal.claim()
  const client = yield* AelystClient
  yield* Effect.provideService(
    client.create(key, { firstName: "Journal" }),
    AttemptGate.AttemptGate,
    attemptGate(journal, () => claim),
  )
  yield* journal.outcome(claim, key, { outcome: "created" })
  const { created } = yield* journal.counts
  const { problems } = yield* journal.verify
  if (created !== 1 || problems.length > 0) throw new Error(`${created} created ${problems.join()}`)
}).pipe(
  Effect.scoped,
  Effect.provide(SqliteRuns.layer({ directory: "runs" })),
  Effect.provide(Layer.provide(layerConfig(), FetchHttpClient.layer)),
)

await Effect.runPromise(program)

const { option } = await Effect.runPromise(Effect.flip(PostgresRuns.make({ rangeRows: 0 })))
if (option !== "rangeRows") throw new Error(option)
