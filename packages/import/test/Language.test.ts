import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { read } from "../src/check/Language.ts"

describe("languages", () => {
  it("are read as tags, in their canonical form", () => {
    for (const [text, tag] of [
      ["ms", "ms"],
      ["MS", "ms"],
      ["pt_br", "pt-BR"],
      ["zh-hant-tw", "zh-Hant-TW"],
      ["iw", "he"],
      ["in", "id"],
      ["yue", "yue"],
    ] as const) {
      assert.strictEqual(Result.getOrThrow(read(text)), tag, text)
    }
  })

  it("are read by their names", () => {
    for (const [name, tag] of [
      ["English", "en"],
      ["Deutsch", "de"],
      ["Bahasa Melayu", "ms"],
      ["français", "fr"],
      ["Mandarin", "zh"],
    ] as const) {
      assert.strictEqual(Result.getOrThrow(read(name)), tag, name)
    }
  })

  it("must exist", () => {
    for (const text of ["xq", "elvish", "e", "m s", "ms-", "12", "zz"]) {
      assert(Result.isFailure(read(text)), text)
    }
    const near = read("Englsh")
    assert(Result.isFailure(near))
    assert.strictEqual(near.failure.suggestion, "did you mean English (en)?")
  })
})
