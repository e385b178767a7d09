import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Issue from "../src/contact/Issue.ts"

describe("Issue", () => {
  it("comes back from JSON as it was", () => {
    const issues = [
      Issue.make("FIRST_NAME_MISSING", ["firstName"]),
      Issue.make("UNKNOWN_FIELD", ["custom_fields", 3, "vlaue"], "write value"),
      Issue.make("CONTACT_TYPE", []),
    ]
    const json = Schema.fromJsonString(Schema.Array(Issue.IssueSchema))
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(json)(Schema.encodeUnknownSync(json)(issues)),
      issues,
    )
  })

  it("has a copy of the path", () => {
    const path = ["firstName"]
    assert.deepStrictEqual(Issue.make("FIRST_NAME_MISSING", path).path, path)
    assert.notStrictEqual(Issue.make("FIRST_NAME_MISSING", path).path, path)
    assert.notStrictEqual(Issue.make("FIRST_NAME_MISSING", path, "write it").path, path)
  })

  it("decodes codes that this version does not know", () => {
    const newer = { path: [], code: "SOMETHING_NEW", rule: "A rule" }
    assert.deepStrictEqual(Schema.decodeUnknownSync(Issue.IssueSchema)(newer), newer)
  })

  it("takes its rule from the table, one sentence for each code", () => {
    for (const [code, rule] of Object.entries(Issue.issueRules)) {
      assert.match(code, /^[A-Z][A-Z_]+[A-Z]$/)
      assert.match(rule, /^[A-Za-z].*[^.]$/)
    }
    assert.strictEqual(
      new Set(Object.values(Issue.issueRules)).size,
      Object.keys(Issue.issueRules).length,
    )
    assert.strictEqual(Issue.make("DATE_INVALID", []).rule, Issue.issueRules.DATE_INVALID)
  })

  it("is formatted as path, rule and suggestion", () => {
    assert.strictEqual(
      Issue.format(Issue.make("UNKNOWN_FIELD", ["custom_fields", 3, "vlaue"], "write value")),
      "custom_fields.3.vlaue: Unknown field (write value)",
    )
    assert.strictEqual(Issue.format(Issue.make("CONTACT_TYPE", [])), "A contact must be an object")
  })

  it("has one type, of values and of the schema", () => {
    expectTypeOf<typeof Issue.IssueSchema.Type>().toExtend<Issue.Issue>()
    expectTypeOf<Issue.Issue>().toExtend<typeof Issue.IssueSchema.Type>()
  })
})
