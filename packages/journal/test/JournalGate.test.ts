import { AelystClient, AttemptGate, createMany } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { HttpClient, HttpClientResponse } from "effect/http"
import { rmSync } from "node:fs"
import { join } from "node:path"

import type { ClaimOptions } from "../src/Journal.ts"
import { attemptGate } from "../src/JournalGate.ts"
import { SqliteJournal } from "../src/SqliteJournal.ts"
import { facts, keyOf, plan, shown, temporaryDirectory } from "./runs.ts"

const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })
const rowCount = 5

const opened = Effect.fnUntraced(function* (count: number, options: ClaimOptions = {}) {
  const path = join(yield* temporaryDirectory, "run.db")
  const journal = yield* SqliteJournal.open(path, { create })
  yield* journal.plan(plan(count))
  const claim = yield* journal.claim(options)
  return { claim, gate: attemptGate(journal, () => claim), journal, path }
})

/** Sends all rows to a server that looks into the journal when a request arrives, and then does something to its file. */
const sendAll = Effect.fnUntraced(function* (onRequest: (nth: number, path: string) => void) {
  const { gate, journal, path } = yield* opened(rowCount)
  const seen: Array<string> = []
  const http = HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const key = decodeURIComponent(url.pathname.split("/").at(-1) ?? "")
      const number = Array.from({ length: rowCount }, (_, index) => index + 1).find(
        (one) => keyOf(one) === key,
      )
      seen.push((yield* Effect.orDie(shown(journal)))[(number ?? 0) - 1] ?? "none")
      onRequest(seen.length, path)
      const body = JSON.stringify({ code: 200, message: "Contact added" })
      return HttpClientResponse.fromWeb(request, new Response(body))
    }),
  )
  const client = yield* AelystClient.make({ token: Redacted.make("sandbox_ok") }).pipe(
    Effect.provideService(HttpClient.HttpClient, http),
  )
  const rows = Stream.map(Stream.range(1, rowCount), (number) => ({
    identifier: keyOf(number),
    contact: { firstName: "Ana" },
  }))
  const run = yield* createMany(rows, { concurrency: 1 }).pipe(
    Effect.provideService(AelystClient, client),
  )
  yield* Stream.runDrain(run.results).pipe(Effect.provideService(AttemptGate.AttemptGate, gate))
  return { seen, summary: yield* run.summary }
})

describe("attemptGate", () => {
  it.live("has each intent in the journal before its request arrives", () =>
    Effect.gen(function* () {
      const { seen, summary } = yield* sendAll(() => undefined)
      assert.deepStrictEqual(
        seen,
        Array.from({ length: rowCount }, (_, index) => `${index + 1} sending`),
      )
      assert.deepInclude(summary, { created: rowCount, stopped: "completed" })
    }),
  )

  it.live("lets no request leave once an intent cannot be written, and stops the run", () =>
    Effect.gen(function* () {
      const { seen, summary } = yield* sendAll((nth, path) => {
        if (nth === 2) rmSync(path)
      })
      assert.strictEqual(seen.length, 2)
      assert.deepInclude(summary, { created: 2, stopped: "gate" })
    }),
  )

  it.live("refuses with the error of the journal as its cause", () =>
    Effect.gen(function* () {
      const { gate, path } = yield* opened(1)
      rmSync(path)
      const refused = yield* Effect.flip(gate.before({ number: 1, key: keyOf(1) }))
      assert.strictEqual(refused._tag, "NotAllowed")
      assert.deepInclude(refused.cause, { _tag: "JournalError", reason: "deleted" })
    }),
  )

  it.live("limits an attempt by the lease of its claim", () =>
    Effect.gen(function* () {
      const { claim, gate } = yield* opened(1, { leaseMs: 60_000 })
      const allowance = yield* gate.before({ number: 1, key: keyOf(1) })
      assert(allowance !== undefined)
      assert.strictEqual(allowance.notAfter, claim.notAfter)
    }),
  )
})
