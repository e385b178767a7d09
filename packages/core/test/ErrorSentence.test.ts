import { assert, describe, it } from "@effect/vitest"

import * as Sentence from "../src/errors/ErrorSentence.ts"
import * as Issue from "../src/contact/Issue.ts"

describe("retryAfter", () => {
  it("rounds up to whole seconds, and knows no wait", () => {
    assert.strictEqual(Sentence.retryAfter(1_001), "Retry after 2 s")
    assert.strictEqual(Sentence.retryAfter(undefined), "Retry later")
  })
})

describe("listIssues", () => {
  const issues = Array.from({ length: 7 }, (_, i) => Issue.make("DATE_INVALID", ["f", i]))

  it("lists five issues, and counts the rest", () => {
    const text = Sentence.listIssues(issues)
    assert.match(text, /^f\.0: A date value must .* \[DATE_INVALID\]; f\.1: .*; and 2 more$/)
    assert.notInclude(text, "f.5")
    assert.notInclude(Sentence.listIssues(issues.slice(0, 5)), "more")
  })
})

describe("the tables of reasons", () => {
  it("have a sentence for each reason, different ones for different reasons of one error", () => {
    for (const { happened, fix } of Object.values(Sentence.unavailableReasons)) {
      assert.match(happened, /^[A-Z].*[^.]$/)
      assert.match(fix, /^[A-Z].*\.$/)
    }
    for (const fix of Object.values(Sentence.connectionKinds)) assert.match(fix, /^Check .*\.$/)
    const unexpected = Object.values(Sentence.unexpectedReasons)
    assert.strictEqual(new Set(unexpected).size, unexpected.length)
  })
})
