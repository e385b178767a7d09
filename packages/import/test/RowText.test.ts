import { assert, describe, it } from "@effect/vitest"

import { rowText } from "../src/send/RowText.ts"
import { readyRow } from "./rows.ts"

describe("rowText", () => {
  it("is the same whatever the order of the columns", () => {
    const one = readyRow(1, { firstName: "Ana", customFields: { Size: 4, City: "Ipoh" } })
    const other = readyRow(9, { customFields: { City: "Ipoh", Size: 4 }, firstName: "Ana" })
    assert.deepStrictEqual(
      rowText({ ...one, identifier: "email:Ana@Example.com" }),
      rowText({ ...other, identifier: "email:Ana@example.COM" }),
    )
  })

  it("tells an edited row from the one that it was", () => {
    const before = rowText(readyRow(1, { firstName: "Ana" }))
    const after = rowText(readyRow(1, { firstName: "Anna" }))
    assert.strictEqual(before.key, after.key)
    assert.notStrictEqual(before.content, after.content)
  })

  it("tells values of other types apart", () => {
    const { content } = rowText(readyRow(1, { firstName: "5" }))
    assert.notStrictEqual(content, rowText(readyRow(1, { firstName: 5 })).content)
  })

  it("keeps the order of lists", () => {
    const { content } = rowText(readyRow(1, { tags: ["a", "b"] }))
    assert.notStrictEqual(content, rowText(readyRow(1, { tags: ["b", "a"] })).content)
  })

  it("does not tell a field that is absent from one that is undefined", () => {
    const { content } = rowText(readyRow(1, { firstName: "Ana", lastName: undefined }))
    assert.strictEqual(content, rowText(readyRow(1, { firstName: "Ana" })).content)
  })

  it("takes an identifier that cannot be sent as it is", () => {
    assert.strictEqual(rowText({ ...readyRow(1), identifier: "email:" }).key, "email:")
  })
})
