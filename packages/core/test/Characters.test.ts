import { assert, describe, it } from "@effect/vitest"

import * as Characters from "../src/contact/Characters.ts"
import { runs, text } from "./inputs.ts"

const everyPoint = function* () {
  for (let point = 0; point <= 0x10ffff; point++) yield String.fromCodePoint(point)
}

const patterns = {
  control: Characters.control,
  loneSurrogate: Characters.loneSurrogate,
  malformed: Characters.malformed,
  unseen: Characters.unseen,
  unseenButSpace: Characters.unseenButSpace,
}

describe("the patterns", () => {
  it.each<[string, string, ReadonlyArray<keyof typeof patterns>]>([
    ["plain text", "abc-é名😀", []],
    ["a space", "a b", ["unseen"]],
    ["a line break", "a\r\nb", ["control", "unseen", "unseenButSpace"]],
    ["NUL", "\0", ["control", "malformed", "unseen", "unseenButSpace"]],
    ["a C1 control", "\x9f", ["control", "unseen", "unseenButSpace"]],
    ["a bidi override", "\u202e", ["unseen", "unseenButSpace"]],
    ["a zero-width space after a space", " \u200b", ["unseen", "unseenButSpace"]],
    ["an empty braille pattern", "\u2800", ["unseen", "unseenButSpace"]],
    [
      "a surrogate pair in the wrong order",
      "\udc00\ud800",
      ["loneSurrogate", "malformed", "unseen", "unseenButSpace"],
    ],
    [
      "half a pair before a letter",
      "\ud800a",
      ["loneSurrogate", "malformed", "unseen", "unseenButSpace"],
    ],
  ])("match %s as they should", (_, input, expected) => {
    const matching = Object.entries(patterns).filter(([, pattern]) => pattern.test(input))
    assert.deepStrictEqual(
      matching.map(([name]) => name),
      [...expected],
    )
  })

  it("match every character that Unicode calls ignorable, a space, a control or a bidi control", () => {
    const hidden = /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\p{Bidi_Control}]/u
    for (const character of everyPoint()) {
      if (hidden.test(character) && !Characters.unseen.test(character)) {
        assert.fail(`missed U+${character.codePointAt(0)?.toString(16)}`)
      }
    }
  })

  it("match no letter, mark, digit, punctuation or symbol but those that cannot be seen", () => {
    const seen = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u
    const ignorable = /\p{Default_Ignorable_Code_Point}/u
    const missed = [...everyPoint()].filter(
      (character) =>
        seen.test(character) && !ignorable.test(character) && Characters.unseen.test(character),
    )
    // the empty braille pattern
    assert.deepStrictEqual(missed, ["\u2800"])
  })

  it.prop(
    "find half a pair exactly in texts that are not well formed",
    [text],
    ([input]) => {
      // as TextEncoder sees it: half a pair becomes U+FFFD
      const wellFormed =
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(input)) ===
        input
      assert.strictEqual(Characters.loneSurrogate.test(input), !wellFormed)
    },
    runs,
  )
})

describe("isBlank", () => {
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

  it.each([["a"], [" a"], ["\u200bé"], ["."], ["😀"], ["\u0301"], ["\ud800"]])(
    "sees something in %j",
    (input) => {
      assert.isFalse(Characters.isBlank(input))
    },
  )
})

describe("isLongerThan", () => {
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
