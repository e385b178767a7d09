import { assert, describe, it } from "@effect/vitest"

import { errorClasses } from "../src/errors/AelystError.ts"
import { docsUrl, errorTable, errorTags } from "../src/errors/ErrorTable.ts"
import { examples } from "./errors.ts"

describe("errorTable", () => {
  it("has a row for each class, in the order of the tags", () => {
    assert.deepStrictEqual(Object.keys(errorTable), [...errorTags])
    assert.deepStrictEqual(Object.keys(errorClasses), [...errorTags])
  })

  it.each(errorTags.map((tag) => [tag]))("says everything of %s", (tag) => {
    const { when, outcomes, resent, meaning, fix } = errorTable[tag]
    for (const text of [when, resent, meaning, fix]) assert.isAbove(text.length, 1)
    assert.match(when, /[^.]$/)
    for (const sentence of [meaning, fix]) assert.match(sentence, /^[A-Z].*\.$/)
    const met = examples.filter(([error]) => error._tag === tag).map(([error]) => error.outcome)
    assert.deepStrictEqual([...new Set(met)].toSorted(), [...outcomes].toSorted())
  })

  it("says the sentences of the messages that do not depend on fields", () => {
    const [error] = examples.find(([{ _tag }]) => _tag === "InternalServerError") ?? []
    const { meaning, fix } = errorTable.InternalServerError
    assert.include(error?.message, `${meaning} ${fix} ${docsUrl("InternalServerError")}`)
  })
})
