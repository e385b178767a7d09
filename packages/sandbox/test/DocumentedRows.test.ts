import { assert, describe, it } from "@effect/vitest"

import { documentedRows } from "../src/scenarios/DocumentedRows.ts"
import { playModel, variantsOf } from "./model.ts"

describe("documentedRows", () => {
  it.each(variantsOf(documentedRows))(
    "match a client that keeps the promises: $title",
    async (variant) => {
      assert.deepStrictEqual(await playModel(variant), variant.expected)
    },
  )
})
