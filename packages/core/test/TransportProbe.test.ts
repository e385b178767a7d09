import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClient } from "effect/http"

import {
  TransportProbe,
  abortable,
  isAbortable,
  makeTransportProbe,
} from "../src/call/TransportProbe.ts"

describe("TransportProbe", () => {
  it("is certain that nothing left only for a transport that reports and has not dispatched", () => {
    const silent = makeTransportProbe()
    assert.isFalse(silent.unsent)
    const watched = makeTransportProbe()
    watched.watch()
    assert.isTrue(watched.unsent)
    watched.dispatch()
    assert.isFalse(watched.unsent)
  })

  it("keeps the way to fail the request when it is watched again without one", () => {
    const probe = makeTransportProbe()
    let aborts = 0
    probe.watch(() => {
      aborts += 1
    })
    probe.watch()
    probe.abort?.()
    assert.strictEqual(aborts, 1)
  })

  it.effect("is a fresh one by default", () =>
    Effect.gen(function* () {
      const probe = yield* TransportProbe
      assert.isFalse(probe.watched)
    }),
  )
})

describe("abortable", () => {
  it("marks a client, and no client that a combinator makes from it", () => {
    const client = HttpClient.make(() => Effect.never)
    assert.isFalse(isAbortable(client))
    assert.isTrue(isAbortable(abortable(client)))
    assert.isFalse(isAbortable(HttpClient.mapRequest(client, (request) => request)))
  })
})
