import type { ImportSummary } from "@aelyst/import"
import { assert, describe, it } from "@effect/vitest"

import type { Ended } from "../src/import/Summary.ts"
import { exitOf, json, lines, totalsOf } from "../src/import/Summary.ts"

const summary: ImportSummary = {
  rows: 1_204,
  created: 1_152,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 28,
  duplicate: 13,
  rejected: 11,
  unknown: 0,
  not_sent: 0,
  foreign: 0,
  earlier: 515,
  inDoubt: 0,
  stopped: "completed",
  requests: 652,
  rateLimited: 4,
  elapsedMs: 72_000,
}

const ended: Ended = {
  summary,
  created: 637,
  signal: undefined,
  isComplete: true,
  rejectsDuplicates: false,
  resume: "aelyst resume r_7Q2F",
  rejects: { path: "leads.rejects.csv", rows: 39 },
  report: "leads.report.json",
  isLimited: false,
}

const whole = { ...summary, invalid: 0, rejected: 0, created: 1_191 }

describe("lines", () => {
  it("say the outcome of every row, and add up", () => {
    assert.deepStrictEqual(lines(ended), [
      "Done in 1m12s   1,204 rows = 637 created + 515 already there + 28 invalid + 13 duplicate + 11 rejected + 0 unknown + 0 not sent",
      "  39 rows → leads.rejects.csv      correct them, then: aelyst import leads.rejects.csv",
      "  report: leads.report.json   average 8.8/s   652 requests   4 × 429",
    ])
  })

  it("leave out the requests that only other machines know", () => {
    const { rateLimited: _limited, requests: _requests, ...known } = summary
    const told = { ...ended, summary: known }
    assert.strictEqual(lines(told)[2], "  report: leads.report.json   average 8.8/s")
    assert.lengthOf(lines({ ...told, created: 0, report: undefined }), 2)
    assert.notProperty(json(told, "r_7Q2F", 9), "requests")
  })

  it("say why it stopped, and how to continue", () => {
    const cut = { ...summary, created: 700, not_sent: 452, stopped: "unauthorized" } as const
    const text = lines({ ...ended, summary: cut, rejects: undefined })
    assert.match(text[0] ?? "", /^Stopped after 1m12s {3}1,204 rows = /)
    assert.strictEqual(
      text[1],
      "  Aelyst rejected the token (401): aelyst auth login, or set AELYST_TOKEN",
    )
    assert.strictEqual(text.at(-1), "  Nothing is lost: aelyst resume r_7Q2F")
  })

  it("say how to send the rows that a trial left", () => {
    const trial = { ...whole, created: 10, not_sent: 1_181 }
    assert.strictEqual(
      lines({ ...ended, summary: trial, isLimited: true }).at(-1),
      "  1,181 rows left; to send them: aelyst resume r_7Q2F",
    )
  })

  it("explain contacts that exist after doubt", () => {
    const doubt = { ...summary, created: 1_150, exists_after_doubt: 2 }
    assert.include(
      lines({ ...ended, summary: doubt }).join("\n"),
      "existed when asked again after a lost response",
    )
  })
})

describe("totalsOf", () => {
  it("counts each row once, whatever an earlier process created", () => {
    const totals = totalsOf(ended)
    const { created, duplicate, existed, exists_after_doubt, invalid } = totals
    const { not_sent, rejected, unknown } = totals
    const sum = created + existed + exists_after_doubt + invalid + duplicate + rejected
    assert.strictEqual(sum + unknown + not_sent, summary.rows)
  })
})

describe("exitOf", () => {
  it("is 0 only if every row exists, 9 for rows to look at, 10 for a run that stopped", () => {
    assert.strictEqual(exitOf({ ...ended, summary: whole }), "ok")
    assert.strictEqual(exitOf({ ...ended, summary: whole, rejectsDuplicates: true }), "incomplete")
    for (const outcome of ["invalid", "rejected", "unknown"] as const) {
      assert.strictEqual(exitOf({ ...ended, summary: { ...whole, [outcome]: 1 } }), "incomplete")
    }
    for (const stopped of [
      "unauthorized",
      "errors",
      "unavailable",
      "deadline",
      "journal",
    ] as const) {
      assert.strictEqual(exitOf({ ...ended, summary: { ...whole, stopped } }), "stopped")
    }
    assert.strictEqual(exitOf({ ...ended, summary: whole, isComplete: false }), "stopped")
    const left = { ...whole, not_sent: 1 }
    assert.strictEqual(exitOf({ ...ended, summary: left }), "stopped")
    assert.strictEqual(exitOf({ ...ended, summary: left, isLimited: true }), "ok")
  })
  it("is that of the signal", () => {
    assert.strictEqual(exitOf({ ...ended, signal: "SIGINT" }), "interrupted")
    assert.strictEqual(exitOf({ ...ended, signal: "SIGHUP" }), "hangup")
    assert.strictEqual(exitOf({ ...ended, signal: "SIGTERM" }), "terminated")
  })
})

describe("json", () => {
  it("has the counts, what this process created, the files and the exit code", () => {
    assert.deepInclude(json(ended, "r_7Q2F", 9), {
      ok: false,
      run: "r_7Q2F",
      rows: 1_204,
      createdNow: 637,
      rejects: "leads.rejects.csv",
      report: "leads.report.json",
      exitCode: 9,
    })
  })
})
