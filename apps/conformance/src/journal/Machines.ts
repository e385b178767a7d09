/** Machines that send the rows of one run on Postgres, each with its own client and connections, all in this process. */
import { layer as layerClient } from "@aelyst/core"
import type { AelystClient } from "@aelyst/core"
import { ImportRows, prepare, sendRange } from "@aelyst/import"
import type { CheckedRow } from "@aelyst/import"
import type { JournalService, Verification } from "@aelyst/journal"
import { JournalError, Runs } from "@aelyst/journal"
import { PostgresRuns, SharedRuns } from "@aelyst/journal/postgres"
import { layerTransport } from "@aelyst/node/effect"
import type { Sandbox } from "@aelyst/sandbox"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Stream } from "effect"

import { urlOf } from "../shared/PostgresServer.ts"

/** The API and the port of the database. */
export interface Servers {
  readonly sandbox: Sandbox
  readonly port: number
}

type Services = AelystClient | ImportRows | Runs | SharedRuns

const rangeRows = 20
/** Short, so that the tests are. */
export const leaseMs = 1_500

/** The contacts as the store keeps them. */
const layerRows = Layer.effect(
  ImportRows,
  Effect.map(SharedRuns, (shared) => ({
    range: (id: string, from: number, to: number) =>
      Stream.map(shared.payloads(id, { from, to }), ({ line, number, payload }): CheckedRow => {
        // safe: `prepare` stored it
        const { contact, identifier } = payload as {
          contact: { firstName: string }
          identifier: string
        }
        return { state: "ready", row: { number, line, cells: [] }, identifier, contact }
      }),
  })),
)

/** Provides what one machine has. `change` may replace operations of its journals. */
export const layerMachine = (
  { port, sandbox }: Servers,
  change: (journal: JournalService) => Partial<JournalService> = () => ({}),
): Layer.Layer<Services> => {
  const { baseUrl } = sandbox
  const client = layerClient({
    baseUrl,
    token: Redacted.make(sandbox.tokens.ok),
    doubtDelay: 1_000,
  }).pipe(Layer.provide(layerTransport({ baseUrl })))
  const database = PgClient.layer({ url: Redacted.make(urlOf(port)), maxConnections: 4 })
  const store = PostgresRuns.layer({ rangeRows }).pipe(Layer.provide(database))
  const changed = Layer.effect(
    Runs,
    Effect.map(Runs, (inner) => ({
      ...inner,
      list: inner.list,
      open: (id: string) =>
        Effect.map(inner.open(id), (journal) => ({
          ...journal,
          counts: journal.counts,
          verify: journal.verify,
          failed: journal.failed,
          ...change(journal),
        })),
    })),
  ).pipe(Layer.provide(store))
  return Layer.mergeAll(layerRows.pipe(Layer.provideMerge(store)), changed, client).pipe(
    Layer.orDie,
  )
}

/** Plans a run of so many rows; returns its ID. */
export const planRun = (count: number): Effect.Effect<string, unknown, Runs> =>
  Effect.scoped(
    Effect.map(
      prepare(
        Stream.map(Stream.range(1, count), (number): CheckedRow => ({
          state: "ready",
          row: { number, line: number + 1, cells: [] },
          identifier: `id:${number}`,
          contact: { firstName: "Ana" },
        })),
        {
          input: { sha256: "00", bytes: 1, mapping: "" },
          origin: "http://127.0.0.1",
          tokenClass: "sandbox",
          delivery: "natural-key",
          tool: "conformance",
        },
      ),
      ({ journal }) => journal.run.id,
    ),
  )

/** Sends free ranges until none is left, as a worker does; a range that fails is tried again. */
export const work = (id: string): Effect.Effect<void, never, Services> =>
  Effect.gen(function* () {
    const shared = yield* SharedRuns
    const { ranges } = yield* shared.progress(id)
    if (ranges.ended === ranges.total) return true
    const [free] = yield* shared.claimable(id, 1)
    if (free !== undefined) yield* sendRange(id, free.from, free.to, { leaseMs, concurrency: 8 })
    return false
  }).pipe(
    Effect.catchIf(
      (error) => error instanceof JournalError,
      () => Effect.succeed(false),
    ),
    Effect.orDie,
    Effect.tap((isDone) => (isDone ? Effect.void : Effect.sleep(50))),
    Effect.repeat({ until: (isDone) => isDone }),
    Effect.asVoid,
  )

/** The findings of a journal about a run, compared with the requests that the API received. */
export interface Judged extends Verification {
  /** The rows that the journal counts by state. */
  readonly states: Readonly<Record<string, number>>
  /** Contacts that were sent more often than the journal says, or more than once without doubt. */
  readonly unexplained: ReadonlyArray<string>
  /** Contacts that were sent more than once. */
  readonly twice: number
}

/** Compares a run with the requests that the API received. */
export const judge = (id: string, sandbox: Sandbox): Effect.Effect<Judged, JournalError, Runs> =>
  Effect.scoped(
    Effect.gen(function* () {
      const journal = yield* Effect.flatMap(Runs, (runs) => runs.open(id))
      const posts = new Map(sandbox.ledger().map((entry) => [entry.key, entry.posts]))
      const states: Record<string, number> = {}
      const unexplained: Array<string> = []
      let twice = 0
      yield* Stream.runForEach(journal.rows(), ({ attempts, doubt, number, state }) =>
        Effect.sync(() => {
          const sent = posts.get(`id:${number}`) ?? 0
          states[state] = (states[state] ?? 0) + 1
          if (sent > 1) twice += 1
          if (sent > attempts || (sent > 1 && !doubt))
            unexplained.push(`row ${number}: ${sent} posts, ${attempts} attempts, ${state}`)
        }),
      )
      return { ...(yield* journal.verify), states, unexplained, twice }
    }),
  )
