/**
 * An import to be killed, run as a process with an input of JSON: sends the rows of a campaign, and prints a line of JSON
 * for each row as it ends and one for the summary. Exits with 0 once nothing is left to send.
 */
import { writeSync } from "node:fs"

import { layer } from "@aelyst/core"
import { prepare, send } from "@aelyst/import"
import { SqliteRuns } from "@aelyst/journal"
import { layerTransport } from "@aelyst/node/effect"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

import { input } from "../network/Child.ts"
import type { Control } from "./Controls.ts"
import { broken } from "./Controls.ts"
import { rowsOf } from "./TortureRows.ts"

/** The input of one process of a campaign. */
export interface ImportInput {
  readonly baseUrl: string
  readonly directory: string
  readonly rows: number
  readonly concurrency: number
  readonly delivery: "natural-key" | "at-most-once" | "report-only"
  readonly doubtDelayMs: number
  /** Breaks a promise on purpose, to see that the judge notices. */
  readonly control?: Control | undefined
}

const { baseUrl, concurrency, control, delivery, directory, doubtDelayMs, rows } =
  input<ImportInput>()

// at once: what was printed before a kill is what a person has read
const print = (line: unknown) => Effect.sync(() => writeSync(1, `${JSON.stringify(line)}\n`))

const facts = {
  input: { sha256: "0".repeat(64), bytes: rows, mapping: "" },
  origin: new URL(baseUrl).origin,
  tokenClass: "torture",
  delivery,
  tool: "torture",
}

const program = Effect.gen(function* () {
  const checked = Stream.fromIterable(rowsOf(rows))
  const { journal } = yield* prepare(checked, facts)
  const run = yield* send(broken(journal, control), checked, { concurrency })
  yield* Stream.runForEach(run.results, ({ earlier, number, outcome }) =>
    print({ type: "row", row: number, outcome, earlier }),
  )
  const summary = yield* run.summary
  yield* print({ type: "summary", ...summary })
  return summary.stopped === "completed" && summary.not_sent === 0
})

const client = layer({
  baseUrl,
  token: Redacted.make("sandbox_ok"),
  doubtDelay: doubtDelayMs,
  rateLimit: false,
}).pipe(Layer.provide(layerTransport({ baseUrl })))

const isDone = await Effect.runPromise(
  Effect.scoped(program).pipe(Effect.provide([client, SqliteRuns.layer({ directory })])),
)
process.exitCode = isDone ? 0 : 10
