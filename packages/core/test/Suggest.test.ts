import { assert, describe, it } from "@effect/vitest"
import { suggest } from "../src/contact/Suggest.ts"
import { runs, text } from "./inputs.ts"

const fields = [
  "firstName",
  "lastName",
  "phone",
  "email",
  "language",
  "profilePic",
  "countryCode",
  "customFields",
]

describe("suggest", () => {
  it.each([
    ["first_name", "firstName"],
    ["FIRSTNAME", "firstName"],
    ["First Name", "firstName"],
    ["fristName", "firstName"],
    ["custom_fields", "customFields"],
    ["custom-field", "customFields"],
    ["customfeilds", "customFields"],
    ["emial", "email"],
    ["e-mail", "email"],
    ["mail", "email"],
    ["phne", "phone"],
    ["Phone", "phone"],
    ["country_code", "countryCode"],
    ["profile_pic", "profilePic"],
    ["lastname ", "lastName"],
  ])("finds what %s means", (name, meant) => {
    assert.strictEqual(suggest(name, fields), meant)
  })

  it.each([
    ["company"],
    ["x"],
    [""],
    ["_"],
    ["toString"],
    ["__proto__"],
    ["firstNameOfTheContact"],
    ["a".repeat(100_000)],
  ])("suggests nothing if no name is near, case %#", (name) => {
    assert.isUndefined(suggest(name, fields))
  })

  it("takes the first of two that are equally near", () => {
    assert.strictEqual(suggest("Tiez", ["Tier", "Tied"]), "Tier")
    assert.strictEqual(suggest("Tiez", ["Tied", "Tier"]), "Tied")
  })

  it.prop(
    "gives one of the candidates or nothing",
    [text, text],
    ([name, other]) => {
      const meant = suggest(name, [...fields, other])
      assert(meant === undefined || meant === other || fields.includes(meant))
    },
    runs,
  )
})
