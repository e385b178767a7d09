import { assert, describe, it } from "@effect/vitest"

import { count, counted, printable } from "../src/report/Printable.ts"

describe("printable texts", () => {
  it("have no character that a terminal obeys", () => {
    assert.strictEqual(printable("\u001b[2Ja"), String.raw`\u{1b}[2Ja`)
    assert.strictEqual(printable("\u001b]52;c;\u0007"), String.raw`\u{1b}]52;c;\u{7}`)
    assert.strictEqual(printable("a\nb\u009b1m\u202e"), String.raw`a\u{a}b\u{9b}1m\u{202e}`)
    assert.strictEqual(printable("Ana 安娜 😀"), "Ana 安娜 😀")
  })

  it("are short", () => {
    assert.strictEqual(printable("x".repeat(50)), `${"x".repeat(39)}…`)
  })

  it("count as people read", () => {
    assert.strictEqual(count(1204), "1,204")
    assert.strictEqual(counted(1, "row"), "1 row")
    assert.strictEqual(counted(0, "row"), "0 rows")
  })
})
