import { assert, describe, it } from "@effect/vitest"

import { doubtRows } from "../src/scenarios/DoubtRows.ts"
import { playModel, variantsOf } from "./model.ts"

describe("doubtRows", () => {
  it.each(variantsOf(doubtRows))(
    "match a client that keeps the promises: $title",
    async (variant) => {
      assert.deepStrictEqual(await playModel(variant), variant.expected)
    },
  )
})
