import { afterAll, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import {
  startBouncer,
  startPostgres,
} from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { commandLists, deliveries, follow, rowCount } from "../journalModel.ts"
import { journalSuite } from "../journalSuite.ts"
import { facts, plan } from "../runs.ts"
import { reset, storeOn, tick } from "./postgres.ts"

let server: PostgresServer
let bouncer: Awaited<ReturnType<typeof startBouncer>>
beforeAll(async () => {
  server = await startPostgres()
  bouncer = await startBouncer(server.port, ["postgres"])
})
afterAll(async () => {
  await bouncer?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

describe.each(["directly", "through pgbouncer in transaction mode"])(
  "PostgresJournal, %s",
  (way) => {
    journalSuite({
      runs: Effect.gen(function* () {
        yield* Effect.promise(() => reset(server))
        // claims take whole ranges; here each row is one, since the suite takes parts of four rows
        return yield* storeOn(way === "directly" ? server.port : bouncer.port, { rangeRows: 1 })
      }),
      advance: (ms) => Effect.andThen(tick(server, ms), TestClock.adjust(ms)),
    })
  },
)

describe("PostgresJournal", () => {
  it.effect.prop(
    "F10: does what the model does, whatever the order of commands",
    [commandLists, deliveries],
    ([commands, delivery]) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => reset(server))
        const runs = yield* storeOn(server.port, { rangeRows: 1 })
        const { journal: first } = yield* runs.start({ ...facts, delivery })
        yield* first.plan(plan(rowCount))
        let journal = first
        const crash = Effect.map(runs.open(first.run.id), (opened) => {
          journal = opened
        })
        const place = {
          get journal() {
            return journal
          },
          crash,
        }
        yield* follow(place, commands, delivery)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 6 } },
  )
})
