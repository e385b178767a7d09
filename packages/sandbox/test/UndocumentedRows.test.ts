import { assert, describe, it } from "@effect/vitest"

import { undocumentedRows } from "../src/scenarios/UndocumentedRows.ts"
import { playModel, variantsOf } from "./model.ts"

describe("undocumentedRows", () => {
  it.each(variantsOf(undocumentedRows))(
    "match a client that keeps the promises: $title",
    async (variant) => {
      assert.deepStrictEqual(await playModel(variant), variant.expected)
    },
  )
})
