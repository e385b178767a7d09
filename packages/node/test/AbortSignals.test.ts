import { getEventListeners } from "node:events"

import { assert, describe, it } from "@effect/vitest"

import { onAbort } from "../src/AbortSignals.ts"

describe("onAbort", () => {
  it("calls every function once, except those that were taken back", () => {
    const abort = new AbortController()
    const called: Array<number> = []
    const undo = Array.from({ length: 4 }, (_, n) => onAbort(abort.signal, () => called.push(n)))
    undo[1]?.()
    undo[1]?.()
    abort.abort()
    abort.abort()
    assert.deepStrictEqual(called, [0, 2, 3])
  })

  it("calls a function at once if the signal has aborted", () => {
    let called = 0
    onAbort(AbortSignal.abort(), () => (called += 1))()
    assert.strictEqual(called, 1)
  })

  it("V12: has one listener for any number of functions, and none after the last", () => {
    const { signal } = new AbortController()
    const undo = Array.from({ length: 1_000 }, () => onAbort(signal, () => undefined))
    assert.lengthOf(getEventListeners(signal, "abort"), 1)
    for (const one of undo) one()
    assert.isEmpty(getEventListeners(signal, "abort"))
    onAbort(signal, () => undefined)
    assert.lengthOf(getEventListeners(signal, "abort"), 1)
  })
})
