import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import { InvalidContactError, isAelystError } from "../src/errors/AelystError.ts"
import { validate } from "../src/contact/Contact.ts"
import { AelystErrorFromJson, Issue, Payload } from "../src/schema.ts"

describe("@aelyst/core/schema", () => {
  const failed = validate("email:ana@", { firstName: "" })
  assert(failed._tag === "Failure")
  const error = new InvalidContactError({ attempts: [], issues: failed.failure })

  it("has a codec that returns an error from its JSON", () => {
    const json = JSON.stringify(Schema.encodeSync(AelystErrorFromJson)(error))
    const decoded = Schema.decodeUnknownSync(AelystErrorFromJson)(JSON.parse(json))
    assert.isTrue(isAelystError(decoded))
    assert.deepInclude(decoded, { _tag: "InvalidContactError", outcome: "not_sent" })
  })

  it("has the schema of the issues of an error", () => {
    for (const issue of error.issues) assert.isTrue(Schema.is(Issue)(issue))
    assert.isFalse(Schema.is(Issue)({ code: "UNKNOWN" }))
  })

  it("has the schema of the body of a request", () => {
    assert.isTrue(Schema.is(Payload)({ firstName: "Ana" }))
    assert.isFalse(Schema.is(Payload)({ firstName: 1 }))
  })
})
