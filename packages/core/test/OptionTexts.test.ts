import { assert, describe, expectTypeOf, it } from "@effect/vitest"

import type { OptionName } from "../src/call/OptionTable.ts"
import { optionTable } from "../src/call/OptionTable.ts"
import { optionTexts } from "../src/call/OptionTexts.ts"
import type { OptionEntry } from "../src/types.ts"

const entries: ReadonlyArray<readonly [name: string, entry: OptionEntry]> =
  Object.entries(optionTable)

describe("optionTexts", () => {
  it("describes every option in one sentence without a full stop", () => {
    expectTypeOf<keyof typeof optionTexts>().toEqualTypeOf<OptionName>()
    for (const [name] of entries) {
      // safe: the keys of the table
      const { sentence } = optionTexts[name as OptionName]
      assert.match(sentence, /^[A-Z`].{10,100}[^.]$/, name)
    }
  })

  it("describes the default in words if it has no fixed value", () => {
    for (const [name, entry] of entries) {
      // safe: the keys of the table
      const { otherwise } = optionTexts[name as OptionName]
      const needsWords = entry.default === undefined || entry.default === Number.POSITIVE_INFINITY
      assert.strictEqual(otherwise !== undefined, needsWords, name)
    }
  })
})
