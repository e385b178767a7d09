import { assert, describe, it } from "@effect/vitest"

import type { Look } from "../src/Screen.ts"
import { Printer, lookOf } from "../src/Screen.ts"

const plain: Look = { json: false, noColor: false, ascii: false }

const screen = (
  tty: { readonly stdout?: boolean; readonly stderr?: boolean; columns?: number },
  env: Readonly<Record<string, string>> = {},
  look: Partial<Look> = {},
) => {
  const written = { stdout: "", stderr: "" }
  const writer = (name: "stdout" | "stderr") => ({
    isTTY: tty[name] ?? false,
    get columns() {
      return tty.columns
    },
    write: (text: string) => {
      written[name] += text
    },
  })
  const printer = new Printer({
    ...plain,
    ...look,
    env,
    stdout: writer("stdout"),
    stderr: writer("stderr"),
  })
  return { printer, written, tty }
}

describe("lookOf", () => {
  it("reads the flags of the look, and not what stands after --", () => {
    assert.deepStrictEqual(lookOf(["create", "--json", "--ascii=true"]), {
      json: true,
      noColor: false,
      ascii: true,
    })
    assert.deepStrictEqual(lookOf(["sandbox", "exec", "--", "x", "--json", "--no-color"]), plain)
  })
})

describe("Printer", () => {
  it("colours a stream only where that stream is a terminal", () => {
    const { printer } = screen({ stdout: true })
    assert.isTrue(printer.coloured("stdout"))
    assert.isFalse(printer.coloured("stderr"))
  })
  it("does not colour with NO_COLOR, --no-color or a dumb terminal, and does with FORCE_COLOR", () => {
    const tty = { stdout: true, stderr: true }
    assert.isFalse(screen(tty, { NO_COLOR: "1" }).printer.coloured("stdout"))
    assert.isTrue(screen(tty, { NO_COLOR: "" }).printer.coloured("stdout"))
    assert.isFalse(screen(tty, { TERM: "dumb" }).printer.coloured("stdout"))
    assert.isFalse(screen(tty, {}, { noColor: true }).printer.coloured("stdout"))
    assert.isTrue(screen({}, { FORCE_COLOR: "1" }).printer.coloured("stdout"))
  })
  it("draws a live line only where stderr is a terminal and not in CI", () => {
    for (const { printer, written } of [
      screen({ stdout: true }),
      screen({ stderr: true }, { CI: "true" }),
      screen({ stderr: true }, {}, { json: true }),
    ]) {
      printer.draw("waiting")
      assert.strictEqual(written.stderr, "")
    }
    const { printer, written } = screen({ stderr: true })
    printer.draw("waiting")
    assert.include(written.stderr, "waiting")
  })
  it("cuts the live line to the width, and draws it again when the width changes", () => {
    const { printer, written, tty } = screen({ stderr: true, columns: 30 })
    printer.draw("0123456789".repeat(5))
    assert.include(written.stderr, "0123456789012345678901234567…")
    tty.columns = 21
    written.stderr = ""
    printer.redraw()
    assert.strictEqual(written.stderr, "\r\u001b[2K0123456789012345678…")
  })
  it("takes the live line away before it prints, and puts it back", () => {
    const { printer, written } = screen({ stderr: true })
    printer.draw("waiting")
    written.stderr = ""
    printer.print("a line")
    assert.strictEqual(written.stderr, "\r\u001b[2Ka line\n\r\u001b[2Kwaiting")
  })
  it("prints rows split by tabs for programs, and in columns for people", () => {
    const rows = [
      ["a", "李", "x"],
      ["long", "", "y"],
    ]
    const pipe = screen({})
    pipe.printer.rows(rows)
    assert.strictEqual(pipe.written.stdout, "a\t李\tx\nlong\t\ty\n")
    const terminal = screen({ stdout: true })
    terminal.printer.rows(rows)
    assert.strictEqual(terminal.written.stdout, "a     李  x\nlong      y\n")
  })
  it("keeps notices back when it is quiet or prints JSON, and never errors", () => {
    const { printer, written } = screen({})
    printer.quiet = true
    printer.notice("a notice")
    printer.print("an error")
    assert.strictEqual(written.stderr, "an error\n")
    const json = screen({}, {}, { json: true })
    json.printer.notice("a notice")
    assert.strictEqual(json.written.stderr, "")
  })
})
