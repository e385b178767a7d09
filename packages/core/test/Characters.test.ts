import { assert, describe, it } from "@effect/vitest"
import * as Characters from "../src/contact/Characters.ts"
import { runs, text } from "./inputs.ts"

const { CONTROL, INVISIBLE, LONE_SURROGATE, NUL, SPACE } = Characters

const everyPoint = function* () {
  for (let point = 0; point <= 0x10ffff; point++) yield String.fromCodePoint(point)
}

describe("Characters.scan", () => {
  it.each([
    ["plain text", "abc-é名😀", 0],
    ["a space", "a b", SPACE],
    ["a line break", "a\r\nb", CONTROL],
    ["NUL", "\0", CONTROL | NUL],
    ["a C1 control", "\x9f", CONTROL],
    ["a bidi override", "\u202e", INVISIBLE],
    ["a surrogate pair in the wrong order", "\udc00\ud800", LONE_SURROGATE],
    ["half a pair before a letter", "\ud800a", LONE_SURROGATE],
    ["everything", " \n\u200b\ud800", SPACE | CONTROL | INVISIBLE | LONE_SURROGATE],
  ])("finds %s", (_, input, kinds) => {
    assert.strictEqual(Characters.scan(input), kinds)
  })

  it("finds every character that Unicode calls ignorable, a space, a control or a bidi control", () => {
    const hidden = /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\p{Bidi_Control}]/u
    for (const character of everyPoint()) {
      if (hidden.test(character) && Characters.scan(character) === 0) {
        assert.fail(`missed U+${character.codePointAt(0)?.toString(16)}`)
      }
    }
  })

  it("takes every letter, mark, digit, punctuation and symbol but those that cannot be seen", () => {
    const seen = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u
    const ignorable = /\p{Default_Ignorable_Code_Point}/u
    const missed = [...everyPoint()].filter(
      (character) =>
        seen.test(character) && !ignorable.test(character) && Characters.scan(character) !== 0,
    )
    // the object replacement character, the replacement character and the empty braille pattern
    assert.deepStrictEqual(
      missed.filter((character) => !["\u2800", "\ufffc", "\ufffd"].includes(character)),
      [],
    )
  })

  it.prop(
    "finds half a pair exactly where the text is not well formed",
    [text],
    ([input]) => {
      // as TextEncoder sees it: half a pair becomes U+FFFD
      const wellFormed =
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(input)) ===
        input
      assert.strictEqual((Characters.scan(input) & LONE_SURROGATE) === 0, wellFormed)
    },
    runs,
  )
})

describe("Characters.indexOf", () => {
  it("gives the first place of the kinds asked for", () => {
    assert.strictEqual(Characters.indexOf("a \n", CONTROL), 2)
    assert.strictEqual(Characters.indexOf("a \n", SPACE | CONTROL), 1)
    assert.strictEqual(Characters.indexOf("😀\u200b", INVISIBLE), 2)
    assert.strictEqual(Characters.indexOf("abc", SPACE), -1)
  })
})

describe("Characters.isBlank", () => {
  it.each([
    [""],
    [" "],
    ["\r\n\t"],
    ["\u00a0\u3000"],
    ["\u200b\u2060\ufeff"],
    ["\u2800"],
    ["\u3164"],
    ["\u{e0041}"],
  ])("sees nothing in %j", (input) => {
    assert.isTrue(Characters.isBlank(input))
  })

  it.each([["a"], [" a"], ["\u200bé"], ["."], ["😀"], ["\u0301"]])(
    "sees something in %j",
    (input) => {
      assert.isFalse(Characters.isBlank(input))
    },
  )
})

describe("Characters.isLongerThan", () => {
  it.prop(
    "agrees with the length of the UTF-8 form",
    [text],
    ([input]) => {
      const bytes = new TextEncoder().encode(input).length
      assert.isFalse(Characters.isLongerThan(input, bytes))
      assert.isTrue(bytes === 0 || Characters.isLongerThan(input, bytes - 1))
    },
    runs,
  )
})

describe("Characters.digits", () => {
  it.each([
    ["2026", 0, 4, 2026],
    ["x007", 1, 4, 7],
    ["+1", 0, 2, -1],
    ["1 ", 0, 2, -1],
    ["12", 0, 3, -1],
    ["１", 0, 1, -1],
  ])("reads %j", (input, start, end, value) => {
    assert.strictEqual(Characters.digits(input, start, end), value)
  })
})
