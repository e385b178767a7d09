import { assert, describe, it } from "@effect/vitest"

import { rateLimitRows } from "../src/scenarios/RateLimitRows.ts"
import { playModel, variantsOf } from "./model.ts"

describe("rateLimitRows", () => {
  it.each(variantsOf(rateLimitRows))(
    "match a client that keeps the promises: $title",
    async (variant) => {
      assert.deepStrictEqual(await playModel(variant), variant.expected)
    },
  )
})
