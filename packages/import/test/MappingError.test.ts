import { assert, describe, it } from "@effect/vitest"

import { MappingError } from "../src/map/MappingError.ts"

describe("MappingError", () => {
  it("says everything that is wrong, and how to fix it", () => {
    const error = new MappingError({
      issues: [
        { reason: "unknown_column", message: 'there is no column "A"', fix: 'did you mean "B"?' },
        { reason: "syntax", message: "cannot read --map" },
      ],
    })
    assert.strictEqual(
      error.message,
      'there is no column "A" (did you mean "B"?); cannot read --map',
    )
    assert.strictEqual(error._tag, "MappingError")
  })
})
