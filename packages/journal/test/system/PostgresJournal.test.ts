import { afterAll, beforeAll, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"

import type { PostgresServer } from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import {
  startBouncer,
  startPostgres,
} from "../../../../apps/conformance/src/shared/PostgresServer.ts"
import { journalSuite } from "../journalSuite.ts"
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
