import { assert, describe, it } from "@effect/vitest"

import { make, namesIn, remembered } from "../src/check/NameIndex.ts"

describe("an index of names", () => {
  const index = make("region", namesIn("en", "region", ["MY", "NE", "NG", "CD", "CG"]), {
    Congo: "CD",
  })

  it("finds whole names, without case and accents", () => {
    assert.strictEqual(index.find("malaysia"), "MY")
    assert.strictEqual(index.find("níger"), "NE")
    assert.isUndefined(index.find("Malay"))
  })

  it("finds names in other languages, but no name that several codes share", () => {
    assert.strictEqual(index.find("Malaisie"), "MY")
    const languages = make("language", namesIn("en", "language", ["ak", "tw", "de"]), {})
    assert.isUndefined(languages.find("Akan"))
    assert.strictEqual(languages.find("德语"), "de")
  })

  it("prefers the names that are given to it", () => {
    assert.strictEqual(index.find("Congo"), "CD")
  })

  it("suggests English names", () => {
    assert.strictEqual(index.near("Nigera"), "Niger (NE)")
    assert.isUndefined(index.near("Portugal"))
  })
})

describe("remembered", () => {
  it("asks once for each text, and never grows beyond a bound", () => {
    let calls = 0
    const f = remembered((text) => {
      calls += 1
      return text.length
    })
    assert.deepStrictEqual([f("ab"), f("ab"), f("c")], [2, 2, 1])
    assert.strictEqual(calls, 2)
    for (let at = 0; at < 20_000; at++) f(String(at))
    const before = calls
    f("19999")
    assert.strictEqual(calls, before + 1)
  })
})
