import { assert, describe, it } from "@effect/vitest"
import { CustomField } from "@aelyst/core"
import * as Result from "effect/Result"

import { make, read } from "../src/map/CustomOption.ts"

const columns = ["Age", "Company Website", "Ratio 1:2"]

const fixOf = (option: string, catalogue?: CustomField.Catalogue) => {
  const field = read(columns, option, catalogue)
  return Result.isFailure(field) ? (field.failure.fix ?? "") : undefined
}

describe("the option custom", () => {
  it("takes a name, a type in any case and a column", () => {
    for (const [option, field] of [
      ["Age", { name: "Age", type: "text", column: 0 }],
      ["Age:NUMBER", { name: "Age", type: "number", column: 0 }],
      ["Years:number=Age", { name: "Years", type: "number", column: 0 }],
      ["Years=age", { name: "Years", type: "text", column: 0 }],
      [String.raw`Ratio 1\:2=Ratio 1:2`, { name: "Ratio 1:2", type: "text", column: 2 }],
      [String.raw`Ratio 1\:2:number`, { name: "Ratio 1:2", type: "number", column: 2 }],
    ] as const) {
      assert.deepStrictEqual(Result.getOrThrow(read(columns, option, undefined)), field, option)
    }
  })

  it("refuses types and names that there are not (U17)", () => {
    assert.strictEqual(fixOf("Age:numbr"), "did you mean number?")
    assert.include(fixOf("Ratio 1:2=Age") ?? "", String.raw`write \: for a colon of the name`)
    assert.include(fixOf("__proto__=Age") ?? "", "choose another name")
    assert.include(fixOf("Ages") ?? "", 'did you mean "Age"?')
  })

  it("takes names and types from the catalogue", () => {
    const catalogue = CustomField.define({ Age: "number" })
    assert.deepStrictEqual(Result.getOrThrow(read(columns, "Age", catalogue)), {
      name: "Age",
      type: "number",
      column: 0,
    })
    assert.strictEqual(fixOf("Agee=Age", catalogue), 'did you mean "Age"?')
    assert(Result.isFailure(make("City", undefined, 0, catalogue)))
  })
})
