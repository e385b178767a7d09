import { assert, describe, it } from "@effect/vitest"

import type { Look } from "../src/Screen.ts"
import { lookOf } from "../src/Screen.ts"
import { captured } from "./captured.ts"

const plain: Look = { json: false, noColor: false, ascii: false }

describe("lookOf", () => {
  it("reads the flags of the look, but none after --", () => {
    assert.deepStrictEqual(lookOf(["create", "--json", "--ascii=true"]), {
      json: true,
      noColor: false,
      ascii: true,
    })
    assert.deepStrictEqual(lookOf(["sandbox", "exec", "--", "x", "--json", "--no-color"]), plain)
  })
})

describe("Printer", () => {
  it("colours a stream only if that stream is a terminal", () => {
    const { printer } = captured({ stdout: true })
    assert.isTrue(printer.coloured("stdout"))
    assert.isFalse(printer.coloured("stderr"))
  })
  it("has no colours with NO_COLOR, --no-color or a dumb terminal, and has them with FORCE_COLOR", () => {
    const tty = { stdout: true, stderr: true }
    assert.isFalse(captured(tty, { NO_COLOR: "1" }).printer.coloured("stdout"))
    assert.isTrue(captured(tty, { NO_COLOR: "" }).printer.coloured("stdout"))
    assert.isFalse(captured(tty, { TERM: "dumb" }).printer.coloured("stdout"))
    assert.isFalse(captured(tty, {}, { noColor: true }).printer.coloured("stdout"))
    assert.isTrue(captured({}, { FORCE_COLOR: "1" }).printer.coloured("stdout"))
  })
  it("draws a live line only if stderr is a terminal, and not in CI", () => {
    for (const { printer, written } of [
      captured({ stdout: true }),
      captured({ stderr: true }, { CI: "true" }),
      captured({ stderr: true }, {}, { json: true }),
    ]) {
      printer.draw("waiting")
      assert.strictEqual(written.stderr, "")
    }
    const { printer, written } = captured({ stderr: true })
    printer.draw("waiting")
    assert.include(written.stderr, "waiting")
  })
  it("cuts the live line to the width, and draws it again when the width changes", () => {
    const { printer, written, tty } = captured({ stderr: true, columns: 30 })
    printer.draw("0123456789".repeat(5))
    assert.include(written.stderr, "0123456789012345678901234567…")
    tty.columns = 21
    written.stderr = ""
    printer.redraw()
    assert.strictEqual(written.stderr, "\r\u001b[2K0123456789012345678…")
  })
  it("removes the live line before it prints, and draws it again", () => {
    const { printer, written } = captured({ stderr: true })
    printer.draw("waiting")
    written.stderr = ""
    printer.print("a line")
    assert.strictEqual(written.stderr, "\r\u001b[2Ka line\n\r\u001b[2Kwaiting")
  })
  it("prints rows separated by tabs for programs, and in columns for people", () => {
    const rows = [
      ["a", "李", "x"],
      ["long", "", "y"],
    ]
    const pipe = captured({})
    pipe.printer.rows(rows)
    assert.strictEqual(pipe.written.stdout, "a\t李\tx\nlong\t\ty\n")
    const terminal = captured({ stdout: true })
    terminal.printer.rows(rows)
    assert.strictEqual(terminal.written.stdout, "a     李  x\nlong      y\n")
  })
  it("prints no notices when it is quiet or prints JSON, but always errors", () => {
    const { printer, written } = captured({})
    printer.quiet = true
    printer.notice("a notice")
    printer.print("an error")
    assert.strictEqual(written.stderr, "an error\n")
    const json = captured({}, {}, { json: true })
    json.printer.notice("a notice")
    assert.strictEqual(json.written.stderr, "")
  })

  it("prints a value as one line of JSON with the version of its shape", () => {
    const { printer, written } = captured()
    printer.value({ ok: true })
    assert.strictEqual(written.stdout, '{"schemaVersion":1,"ok":true}\n')
  })
  it("prints warnings in every mode", () => {
    const quiet = captured()
    quiet.printer.quiet = true
    quiet.printer.warn("careful")
    assert.strictEqual(quiet.written.stderr, "warning: careful\n")
    const json = captured({}, {}, { json: true })
    json.printer.warn("careful")
    assert.strictEqual(json.written.stderr, '{"schemaVersion":1,"warning":"careful"}\n')
  })
  it("writes symbols in ASCII only with --ascii", () => {
    assert.strictEqual(captured().printer.symbols("✔ a"), "✔ a")
    assert.strictEqual(captured({}, {}, { ascii: true }).printer.symbols("✔ a"), "OK a")
  })
})
