import { assert, describe, it } from "@effect/vitest"

import { read } from "../src/import/StoredOptions.ts"

const stored = { version: 1, file: "/data/leads.csv", flags: {}, set: {}, profile: "default" }

describe("read", () => {
  it("reads what this program has recorded, and nothing else", () => {
    assert.strictEqual(read(stored)?.file, "/data/leads.csv")
    for (const other of [undefined, null, "x", {}, { ...stored, version: 2 }, { version: 1 }]) {
      assert.isUndefined(read(other))
    }
  })
})
