import { assert, describe, it } from "@effect/vitest"

import type { AelystError } from "../src/errors/AelystError.ts"
import * as Errors from "../src/errors/AelystError.ts"
import { errorTags } from "../src/errors/ErrorTable.ts"
import { visitorResponse, visitorTable } from "../src/errors/VisitorTable.ts"
import { examples } from "./errors.ts"

const unconfirmed = "We could not confirm your submission. Please contact us before trying again."
const unexpected = (outcome: "rejected" | "unknown") =>
  new Errors.UnexpectedResponseError({
    attempts: [],
    status: 418,
    reason: "status",
    outcome,
    headers: {},
    excerpt: "",
  })
const connection = (kind: Errors.ConnectionError["kind"]) =>
  new Errors.ConnectionError({ attempts: [], kind, code: "ECODE" })
const unavailable = (reason: Errors.UnavailableError["reason"]) =>
  new Errors.UnavailableError({ attempts: [], reason })

describe("visitorTable", () => {
  it("has one row and one code for each of the nine classes", () => {
    assert.deepStrictEqual(Object.keys(visitorTable).toSorted(), [...errorTags].toSorted())
    assert.strictEqual(new Set(Object.values(visitorTable).map(({ code }) => code)).size, 9)
  })
})

describe("visitorResponse", () => {
  it.each<[AelystError["_tag"], number]>([
    ["InvalidContactError", 422],
    ["BadRequestError", 422],
    ["AuthenticationError", 502],
    ["InternalServerError", 502],
    ["UnexpectedResponseError", 502],
    ["RateLimitError", 503],
    ["UnavailableError", 503],
    ["ConnectionError", 504],
    ["OutcomeUnknownError", 504],
  ])("has a status that does not blame the visitor for the API: %s %i", (tag, status) => {
    const all = examples.filter(([error]) => error._tag === tag)
    assert.isAbove(all.length, 0)
    for (const [error] of all) {
      const response = visitorResponse(error)
      assert.strictEqual(response.status, status)
      assert.match(response.message, /^[A-Z].*\.$/)
      assert.notMatch(response.message, /API|token|429|upstream/i)
    }
  })

  it("U12: has a code for a contact that exists, and asks for no correction", () => {
    const error = new Errors.BadRequestError({ attempts: [], status: 409, exists: true })
    const { code, message, status } = visitorResponse(error)
    assert.deepStrictEqual([status, code], [422, "already_exists"])
    assert.notMatch(message, /check|correct|try again/i)
    const rejected = new Errors.BadRequestError({ attempts: [], status: 400, exists: false })
    assert.strictEqual(visitorResponse(rejected).code, "contact_refused")
  })

  it("asks the visitor to make contact if the outcome is unknown", () => {
    const error = new Errors.OutcomeUnknownError({ attempts: [], code: "TIMEOUT" })
    const response = { status: 504, code: "outcome_unknown", message: unconfirmed }
    assert.deepStrictEqual(visitorResponse(error), response)
    assert.strictEqual(visitorResponse(unexpected("unknown")).message, unconfirmed)
  })

  it.each<[AelystError, RegExp]>([
    [unexpected("rejected"), /try again later\.$/],
    [connection("dns"), /try again later\.$/],
    [connection("certificate"), /contact us\.$/],
    [unavailable("queue"), /try again shortly\.$/],
    [unavailable("closed"), /try again later\.$/],
  ])("has the sentence of the case, case %#", (error, message) => {
    assert.match(visitorResponse(error).message, message)
  })

  it("has a sentence for a case that another version of the package added", () => {
    const error = Object.assign(connection("dns"), { kind: "quantum" })
    assert.match(visitorResponse(error).message, /try again later\.$/)
  })
})
