import { assert, describe, it } from "@effect/vitest"

import type { Drained, Shown } from "../src/outbox/DrainProgress.ts"
import { DrainView, ending, exitOf, lines, logLine, since } from "../src/outbox/DrainProgress.ts"
import { captured } from "./captured.ts"

const stats = {
  pending: 3,
  claimed: 1,
  created: 5,
  existed: 1,
  existsAfterDoubt: 0,
  rejected: 2,
  parked: 4,
}
const drained: Drained = {
  created: 1_200,
  existed: 3,
  existsAfterDoubt: 1,
  rejected: 0,
  parked: 0,
  pending: 40,
}
const shown: Shown = {
  drained,
  outbox: "data/outbox.db",
  host: "api.aelyst.ai",
  waitMs: undefined,
  isStopping: false,
}
const end = { drained, elapsedMs: 65_000, signal: undefined, stopped: undefined }

describe("since", () => {
  it("counts only what has ended since the drain began", () => {
    const now = { ...stats, pending: 1, created: 7, parked: 3 }
    assert.deepStrictEqual(since(stats, now), {
      created: 2,
      existed: 0,
      existsAfterDoubt: 0,
      rejected: 0,
      // one of them was sent again
      parked: 0,
      pending: 1,
    })
  })
})

describe("lines", () => {
  it("shows the way, the counts and the state", () => {
    assert.deepStrictEqual(lines(shown), [
      "Draining data/outbox.db → api.aelyst.ai   1,204/1,244",
      "  ✔ 1,200 created  ↷ 4 already  ✖ 0 rejected  ? 0 parked",
    ])
    const [, waiting] = lines({ ...shown, waitMs: 28_000 })
    assert.strictEqual(waiting, "  ⏸ waiting for the API, 28s left")
    const [, stopping] = lines({ ...shown, waitMs: 28_000, isStopping: true })
    assert.include(stopping, "Stopping: waiting for the requests in flight")
  })
})

describe("logLine", () => {
  it("is one line of words and numbers", () => {
    assert.strictEqual(
      logLine({ ...shown, waitMs: 1_500 }),
      "outbox 1204/1244 created=1200 already=4 rejected=0 parked=0 pending=40 waiting=2s",
    )
  })
})

describe("exitOf", () => {
  it("is 0, 9 for contacts that did not end well, 10 for an early end, or that of the signal", () => {
    assert.strictEqual(exitOf(end), "ok")
    assert.strictEqual(exitOf({ ...end, drained: { ...drained, rejected: 1 } }), "incomplete")
    assert.strictEqual(exitOf({ ...end, drained: { ...drained, parked: 1 } }), "incomplete")
    assert.strictEqual(exitOf({ ...end, stopped: "time" }), "stopped")
    assert.strictEqual(exitOf({ ...end, stopped: "time", signal: "SIGTERM" }), "terminated")
  })
})

describe("ending", () => {
  it("says how the contacts ended, why it stopped, and what to do", () => {
    const all = { ...drained, rejected: 1, parked: 2 }
    assert.deepStrictEqual(ending({ ...end, drained: all, stopped: "time" }), [
      "Stopped after 1m05s   1,207 contacts = 1,200 created + 4 already there + 1 rejected + 2 parked",
      "  the time of --stop-after has passed",
      "  40 contacts pending; the app or the same command sends them later",
      "  rejected: aelyst outbox list --state rejected",
      "  parked: may exist; check, then aelyst outbox replay <id> (aelyst outbox list --state parked)",
    ])
  })
})

describe("DrainView", () => {
  it("draws on a terminal, and elsewhere prints a line at most every 30 s", () => {
    const live = captured({ stderr: true, columns: 100 })
    const view = new DrainView(live.printer, "auto")
    view.show(shown, 0)
    view.show(shown, 1_000)
    assert.include(live.written.stderr, "\u001b[1A\u001b[2KDraining data/outbox.db")
    for (const [how, count] of [
      ["auto", 2],
      ["plain", 2],
      ["none", 0],
    ] as const) {
      const { printer, written } = captured()
      const plain = new DrainView(printer, how)
      for (const now of [0, 1_000, 29_999, 30_000]) plain.show(shown, now)
      assert.lengthOf(written.stderr.match(/^outbox 1204\/1244/gm) ?? [], count)
    }
  })
})
