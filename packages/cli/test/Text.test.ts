import { assert, describe, it } from "@effect/vitest"

import { asciiSymbols, count, jsonLine, quietJson, shellQuote, time, visible } from "../src/Text.ts"

describe("visible", () => {
  it("shows what a terminal would act on, and leaves letters of all scripts alone", () => {
    assert.strictEqual(visible("\u001b]52;c;ZXZpbA==\u0007"), String.raw`\x1b]52;c;ZXZpbA==\x07`)
    assert.strictEqual(visible("\u001b[2J"), String.raw`\x1b[2J`)
    assert.strictEqual(
      visible("\u001b]8;;http://evil\u001b\\x"),
      String.raw`\x1b]8;;http://evil\x1b\x`,
    )
    assert.strictEqual(visible("a\u009b31mb"), String.raw`a\x9b31mb`)
    assert.strictEqual(visible("\u202eevil\u2028"), String.raw`\u{202e}evil\u{2028}`)
    assert.strictEqual(visible("two\nlines\r"), String.raw`two\nlines\x0d`)
    assert.strictEqual(visible("Siti 李 अन्ना é 🙂"), "Siti 李 अन्ना é 🙂")
  })
})

describe("jsonLine", () => {
  it("is one line that parses back to the value and holds nothing a terminal acts on", () => {
    const value = { text: "\u001b[2J\n\u009b\u007f\u202e\u{e0041} é" }
    const line = jsonLine(value)
    assert.deepStrictEqual(JSON.parse(line), value)
    assert.match(line, /^[\u0020-\u007eé]*$/u)
  })
  it("leaves a body without special characters unchanged", () => {
    const body = '{"firstName":"Ana ","n":1}'
    assert.strictEqual(quietJson(body), body)
  })
})

describe("shellQuote", () => {
  it("closes and reopens the quotation around a quote", () => {
    assert.strictEqual(shellQuote("O'Hara $HOME `x`"), String.raw`'O'\''Hara $HOME ${"`x`"}'`)
  })
})

describe("asciiSymbols", () => {
  it("writes our symbols in ASCII and leaves names alone", () => {
    assert.strictEqual(asciiSymbols("✔ a — b … é"), "OK a - b ... é")
  })
})

describe("time", () => {
  it("names the unit that people would use", () => {
    assert.deepStrictEqual(
      [0, 143, 7_400, 60_000, 125_000].map((ms) => time(ms)),
      ["0 ms", "143 ms", "7.4 s", "1 min", "2 min 5 s"],
    )
  })
})

describe("count", () => {
  it("adds the plural", () => {
    assert.deepStrictEqual([count(1, "attempt"), count(2, "attempt")], ["1 attempt", "2 attempts"])
  })
})
