import type { ImportProgress } from "@aelyst/import"
import { assert, describe, it } from "@effect/vitest"

import { ProgressView } from "../src/import/ProgressView.ts"
import type { Progress } from "../src/Waiting.ts"
import type { Terminals } from "./captured.ts"
import { captured } from "./captured.ts"

const progress = (created: number, elapsedMs: number): ImportProgress => ({
  rows: 1_000,
  created,
  existed: 0,
  exists_after_doubt: 0,
  invalid: 0,
  duplicate: 0,
  rejected: 0,
  unknown: 0,
  not_sent: 1_000 - created,
  foreign: 0,
  earlier: 0,
  requests: created,
  rateLimited: 0,
  elapsedMs,
  inFlight: 0,
  inDoubt: 0,
})

const of = (created: number) => ({
  file: "leads.csv",
  host: "api.aelyst.ai",
  run: "r_7Q2F",
  total: 1_000,
  created,
})

const viewIn = (tty: Terminals, how: Progress = "auto") => {
  const { printer, written } = captured(tty)
  const view = new ProgressView(printer, how)
  const show = (created: number, elapsedMs: number, more: Partial<ImportProgress> = {}) => {
    written.stderr = ""
    view.show({ ...progress(created, elapsedMs), ...more }, of(created))
    return written.stderr
  }
  return { show, printer, written }
}

describe("ProgressView", () => {
  it("draws three lines on a terminal in place of the last three", () => {
    const { show } = viewIn({ stderr: true, columns: 100 })
    const first = show(100, 1_000)
    assert.isTrue(first.startsWith("\r\u001b[2KImporting leads.csv"), first)
    assert.match(first, /\n {2}█+\n {2}✔ 100 created/)
    assert.isTrue(
      show(200, 2_000).startsWith(
        "\r\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2KImporting leads.csv",
      ),
    )
  })

  it("removes the lines for a notice, and draws them again below it", () => {
    const { show, printer, written } = viewIn({ stderr: true })
    show(100, 1_000)
    written.stderr = ""
    printer.notice("a notice")
    const removed = "\r\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2K"
    assert.isTrue(
      written.stderr.startsWith(`${removed}a notice\n\r\u001b[2KImporting`),
      written.stderr,
    )
  })

  it("prints a line after 30 s and 5 % elsewhere, whichever is rarer", () => {
    const { show } = viewIn({})
    assert.strictEqual(show(100, 10_000), "")
    assert.strictEqual(
      show(120, 30_000),
      "import r_7Q2F 120/1000 12% created=120 already=0 rejected=0 unknown=0\n",
    )
    assert.strictEqual(show(160, 70_000), "")
    assert.include(show(170, 80_000), "170/1000")
  })

  it("prints a line when an outage begins and when it ends", () => {
    const { show } = viewIn({}, "plain")
    assert.include(show(1, 1_000, { waiting: { reason: "circuit" } }), "waiting=circuit")
    assert.strictEqual(show(1, 2_000, { waiting: { reason: "circuit" } }), "")
    assert.include(show(1, 3_000), "1/1000")
  })

  it("prints plain lines on a terminal with plain, and nothing with none", () => {
    assert.include(viewIn({ stderr: true }, "plain").show(50, 30_000), "import r_7Q2F 50/1000")
    assert.strictEqual(viewIn({ stderr: true }, "none").show(50, 30_000), "")
    assert.strictEqual(viewIn({}, "none").show(50, 30_000), "")
  })
})
