import { assert, describe, it } from "@effect/vitest"

import type { ImportProgress } from "@aelyst/import"

import type { ProgressOf } from "../src/import/ProgressLines.ts"
import { bar, lines, logLine } from "../src/import/ProgressLines.ts"

const begun: ImportProgress = {
  rows: 1_204,
  created: 0,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 28,
  duplicate: 13,
  rejected: 0,
  unknown: 0,
  not_sent: 1_163,
  foreign: 0,
  earlier: 0,
  requests: 0,
  rateLimited: 0,
  elapsedMs: 0,
  inFlight: 0,
  inDoubt: 0,
}
const sending: ImportProgress = {
  ...begun,
  created: 508,
  rejected: 4,
  not_sent: 651,
  requests: 514,
  rateLimited: 2,
  perSecond: 9.84,
  etaMs: 66_000,
  limit: 10,
  remaining: 3,
}
const of: ProgressOf = {
  file: "leads.csv",
  host: "api.aelyst.ai",
  run: "r_7Q2F",
  total: 1_163,
  created: 508,
}

const status = (waiting: ImportProgress["waiting"]) => lines({ ...sending, waiting }, of, 100)[2]

describe("lines", () => {
  it("shows the share of the rows, the rate, what is left of the limit, and the counts", () => {
    assert.deepStrictEqual(lines(sending, of, 100), [
      "Importing leads.csv → api.aelyst.ai   512/1,163  44 %   9.8/s   ETA 1m06s",
      "  █████████████████▋",
      "  ✔ 508 created  ↷ 0 already  ✖ 4 rejected  ? 0 unknown   limit 10 · left 3 · 2 × 429",
    ])
  })

  it("shows no rate and no estimate as long as none is known, and no limit that the API did not send", () => {
    assert.deepStrictEqual(lines(begun, { ...of, created: 0 }, 100), [
      "Importing leads.csv → api.aelyst.ai   0/1,163  0 %",
      "  ",
      "  ✔ 0 created  ↷ 0 already  ✖ 0 rejected  ? 0 unknown",
    ])
  })

  it("shows a wait in place of the counts", () => {
    assert.strictEqual(
      status({ reason: "rate_limit", ms: 6_400 }),
      "  ⏸ rate limited, resuming in 7s   2 × 429",
    )
    assert.strictEqual(
      status({ reason: "circuit", ms: 61_000 }),
      "  ⏸ the API is not responding, next try in 1m01s   2 × 429",
    )
    assert.strictEqual(
      status({ reason: "budget" }),
      "  ⏸ too many resends, sending the next soon   2 × 429",
    )
  })

  it("counts what earlier processes created, and what existed, as already there", () => {
    const resumed = { ...sending, created: 1_000, existed: 1, exists_after_doubt: 2, earlier: 515 }
    assert.include(lines(resumed, { ...of, created: 485 }, 100)[2], "✔ 485 created  ↷ 518 already")
  })

  it("says that it waits for requests in flight before it stops", () => {
    assert.strictEqual(
      lines(sending, { ...of, stopping: 3 }, 100)[2],
      "  Stopping: waiting for 3 requests (Ctrl-C again to quit now) …",
    )
  })

  it("has no share and no bar for a stream, whose end is not known", () => {
    assert.deepStrictEqual(lines(sending, { ...of, total: undefined }, 100).slice(0, 2), [
      "Importing leads.csv → api.aelyst.ai   512 rows   9.8/s   ETA 1m06s",
      "",
    ])
  })
})

describe("bar", () => {
  it("moves by eighths of a cell, and by whole cells in ASCII", () => {
    assert.deepStrictEqual(
      [0, 0.01, 0.5, 1, 2].map((share) => bar(share, 10)),
      ["", "▏", "█████", "██████████", "██████████"],
    )
    assert.strictEqual(bar(0.55, 10, true), "#####")
  })
})

describe("logLine", () => {
  it("is one line of words and numbers", () => {
    assert.strictEqual(
      logLine(sending, of),
      "import r_7Q2F 512/1163 44% created=508 already=0 rejected=4 unknown=0 rate=9.8/s eta=66s rate_limited=2",
    )
    assert.strictEqual(
      logLine({ ...begun, waiting: { reason: "circuit" } }, { ...of, created: 0 }),
      "import r_7Q2F 0/1163 0% created=0 already=0 rejected=0 unknown=0 waiting=circuit",
    )
  })
})
