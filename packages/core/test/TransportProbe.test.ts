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
  it("reports unsent only for a transport that watches and has not dispatched", () => {
    const silent = makeTransportProbe()
    assert.isFalse(silent.unsent)
    const watched = makeTransportProbe()
    watched.watch()
    assert.isTrue(watched.unsent)
    watched.dispatch()
    assert.isFalse(watched.unsent)
  })

  it("is overdue once its clock has passed notAfter, and never without one", () => {
    const clock = { now: 0 }
    const probe = makeTransportProbe(clock)
    assert.isFalse(probe.overdue)
    probe.notAfter = 5
    clock.now = 5
    assert.isFalse(probe.overdue)
    clock.now = 5.1
    assert.isTrue(probe.overdue)
    probe.notAfter = Number.NaN
    assert.isTrue(probe.overdue)
    assert.isFalse(makeTransportProbe().overdue)
  })

  it("is overdue once its run has stopped", () => {
    const guard = { now: 0, isStopped: false }
    const probe = makeTransportProbe(guard)
    assert.isFalse(probe.overdue)
    guard.isStopped = true
    assert.isTrue(probe.overdue)
  })

  it("keeps its abort function when it is watched again without one", () => {
    const probe = makeTransportProbe()
    let aborts = 0
    probe.watch(() => {
      aborts += 1
    })
    probe.watch()
    probe.abort?.()
    assert.strictEqual(aborts, 1)
  })

  it("is unwatched by default", () => {
    assert.isFalse(TransportProbe.defaultValue().watched)
  })
})

describe("abortable", () => {
  it("marks a client, but no client that a combinator derives from it", () => {
    const client = HttpClient.make(() => Effect.never)
    assert.isFalse(isAbortable(client))
    assert.isTrue(isAbortable(abortable(client)))
    assert.isFalse(isAbortable(HttpClient.mapRequest(client, (request) => request)))
  })
})
