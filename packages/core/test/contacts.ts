/** Shared by the tests of contacts: the documented example, a catalogue, and `validate` with its result unwrapped. */
import { assert } from "@effect/vitest"
import * as Result from "effect/Result"

import * as Contact from "../src/contact/Contact.ts"
import * as CustomField from "../src/contact/CustomField.ts"
import type * as Issue from "../src/contact/Issue.ts"

const id = "email:test@example.com"

// the example of the vendor's page (W3)
export const documented = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

export const catalogue = CustomField.define({
  "Company Website": "url",
  Age: "number",
  Tier: { type: "list", options: ["Gold", "Silver"] },
  Vip: { type: "checkbox", wire: "boolean" },
  Newsletter: "checkbox",
})

/** A catalogue with a field of each type. */
export const everyType = CustomField.define({
  "Company Website": "url",
  Age: "number",
  Tier: { type: "list", options: ["Gold", "Silver"] },
  Vip: { type: "checkbox", wire: "boolean" },
  Newsletter: "checkbox",
  Birthday: { type: "date", help: "As in the passport" },
  "Call at": "time",
  "Second email": "email",
  Note: "text",
})

export const field = (name: string): CustomField.Field => {
  const found = everyType.get(name)
  assert(found !== undefined)
  return found
}

type Options = Parameters<typeof Contact.validate>[2]

export const accepted = (input: unknown, options?: Options): Contact.Validated => {
  const result = Contact.validate(id, input, options)
  assert(Result.isSuccess(result), "expected the contact to be accepted")
  assert.deepStrictEqual(JSON.parse(result.success.body), result.success.payload)
  return result.success
}

export const issuesOf = (input: unknown, options?: Options): ReadonlyArray<Issue.Issue> => {
  const result = Contact.validate(id, input, options)
  assert(Result.isFailure(result), "expected the contact to be invalid")
  assert.isAbove(result.failure.length, 0)
  return result.failure
}

/** The issues as `path code`, for comparing. */
export const shown = (issues: ReadonlyArray<Issue.Issue>) =>
  issues.map((issue) => `${issue.path.join(".")} ${issue.code}`)

export const customFields = (input: unknown, options?: Options) =>
  accepted({ firstName: "Ana", customFields: input }, options).payload.custom_fields
