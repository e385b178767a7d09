/**
 * The main job: starts the sandbox at the documented limit, creates every contact of contacts.ndjson through core, reads
 * back what arrived and compares it field by field. Progress is on stderr, the result on stdout.
 */
import { fileURLToPath } from "node:url"
import type { RowResult } from "@aelyst/core"
import { AelystClient, CustomField, createMany, layer, rowOutcomes } from "@aelyst/core"
import { layerTransport } from "@aelyst/node/effect"
import { Sandbox } from "@aelyst/sandbox"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Stored } from "./Compare.ts"
import { compare } from "./Compare.ts"
import * as Progress from "./Progress.ts"
import type { Row } from "./Rows.ts"
import { fields, readRows } from "./Rows.ts"

const file = fileURLToPath(new URL("../contacts.ndjson", import.meta.url))
const say = (text: string) => process.stdout.write(`${text}\n`)
const note = (text: string) => process.stderr.write(`${text}\n`)

const startSandbox = Effect.acquireRelease(
  // the page's own figures (W8); the window is not documented (D4)
  Effect.promise(() => Sandbox.start({ limit: 10, windowMs: 1_000, fields })),
  (sandbox) => Effect.promise(() => sandbox.close()),
)

const countRows = async () => {
  let count = 0
  for await (const _ of readRows(file)) count++
  return count
}

const isStored = (value: unknown): value is Stored =>
  typeof value === "object" &&
  value !== null &&
  "identifier" in value &&
  typeof value.identifier === "string"

/** Reads the contacts of the sandbox over HTTP, as any client could. */
const readBack = async (baseUrl: string): Promise<ReadonlyArray<Stored>> => {
  const response = await fetch(new URL("/_sandbox/contacts", baseUrl))
  const body: unknown = await response.json()
  const contacts: unknown =
    typeof body === "object" && body !== null && "contacts" in body ? body.contacts : body
  if (!Array.isArray(contacts) || !contacts.every(isStored)) {
    throw new Error(`the sandbox did not list its contacts (status ${response.status})`)
  }
  return contacts
}

/** Creates all rows; returns the rows as read and the result of each. */
const createAll = Effect.fnUntraced(function* (total: number) {
  const client = yield* AelystClient
  const rows: Array<Row> = []
  const source = Stream.fromAsyncIterable(readRows(file), (error) => error).pipe(
    Stream.tap((row) => Effect.sync(() => rows.push(row))),
    Stream.map(({ identifier, ...contact }) => ({ identifier, contact })),
  )
  const run = yield* createMany(source)
  const progress = Progress.make(process.stderr)
  const show = Effect.gen(function* () {
    const { created, total: done, elapsedMs } = yield* run.summary
    const { waiting, opensIn } = yield* client.rateLimit
    const pausedMs = opensIn === undefined ? 0 : Duration.toMillis(opensIn)
    progress.show({ total, done, created, elapsedMs, queued: waiting, pausedMs })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(show, Effect.sleep("100 millis"))))
  const results: Array<RowResult> = []
  yield* Stream.runForEach(run.results, (result) => Effect.sync(() => results.push(result)))
  yield* show
  progress.stop()
  return { rows, results, summary: yield* run.summary }
}, Effect.scoped)

const program = Effect.gen(function* () {
  const sandbox = yield* startSandbox
  const total = yield* Effect.promise(countRows)
  note(`sandbox at ${sandbox.baseUrl}, 10 requests per second; creating ${total} contacts`)
  const client = layer({
    baseUrl: sandbox.baseUrl,
    token: Redacted.make(sandbox.tokens.ok),
    customFields: CustomField.define(fields),
  }).pipe(Layer.provide(layerTransport({ baseUrl: sandbox.baseUrl })))
  const { rows, results, summary } = yield* Effect.provide(createAll(total), client)

  for (const outcome of rowOutcomes) {
    if (outcome === "created" || summary[outcome] > 0) say(`${outcome}: ${summary[outcome]}`)
  }
  say(`in ${(summary.elapsedMs / 1000).toFixed(1)} s, rate limited ${summary.rateLimited} times`)
  // rows are named by number: what they hold is personal
  for (const result of results) {
    if ("error" in result) note(`row ${result.index + 1}: ${result.outcome}, ${result.error._tag}`)
  }
  const differences = compare(rows, yield* Effect.promise(() => readBack(sandbox.baseUrl)))
  for (const { row, field, kind } of differences) {
    note(`${row === undefined ? "a contact of no row" : `row ${row}`}: ${field} ${kind}`)
  }
  const lost = new Set(differences.map((difference) => difference.row)).size
  say(`created ${summary.created} of ${total}, ${lost} lost`)
  return summary.created === total && summary.total === total && total > 0 && lost === 0
}).pipe(Effect.scoped)

const stop = new AbortController()
process.once("SIGINT", () => stop.abort())
const exit = await Effect.runPromiseExit(program, { signal: stop.signal })
if (stop.signal.aborted) process.exitCode = 130
else if (Exit.isFailure(exit)) {
  note(`the demo failed: ${exit.cause}`)
  process.exitCode = 1
} else process.exitCode = exit.value ? 0 : 1
