import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { parseMappingFile, toMappingFile } from "../src/map/MappingFile.ts"
import { mapped } from "./tables.ts"

const columns = ["Vorname", "Handy", "Phone", "Phone", "Birthday", "Other"]
const options = {
  map: ["phone=Handy|#4"],
  custom: ["Born:date=Birthday"],
  set: ["countryCode=MY"],
  identifyBy: ["phone"],
  splitName: true,
} as const

const failureOf = (text: string) => {
  const file = parseMappingFile(text)
  return Result.isFailure(file) ? file.failure.message : undefined
}

describe("mapping files", () => {
  it("map the next file as they were saved", () => {
    const { mapping } = mapped(columns, options)
    const text = JSON.stringify(toMappingFile(mapping))
    const file = Result.getOrThrow(parseMappingFile(text))
    assert.deepStrictEqual(mapped(columns, { file }).mapping, mapping)
  })

  it("leave columns alone that they do not name, unless they say auto", () => {
    const base = { version: 1, fields: { firstName: ["Vorname"], email: ["Email"] } } as const
    const names = ["Vorname", "Email", "Nachname"]
    assert.deepStrictEqual(
      mapped(names, { file: { ...base, auto: false } }).mapping.fields.lastName,
      undefined,
    )
    assert.deepStrictEqual(mapped(names, { file: base }).mapping.fields.lastName, [2])
  })

  it("yield to options", () => {
    const file = { version: 1, fields: { phone: ["Phone 2"] } } as const
    const names = ["First name", "Phone 1", "Phone 2"]
    const { mapping } = mapped(names, { file, map: ["phone=Phone 1"] })
    assert.deepStrictEqual(mapping.fields.phone, [1])
  })

  it("refuse unknown keys, fields and presets, and say what was meant", () => {
    assert.strictEqual(
      failureOf('{"version":1,"feilds":{}}'),
      'the mapping file has an unknown key "feilds" (did you mean fields?)',
    )
    assert.strictEqual(
      failureOf('{"version":1,"fields":{"emial":["E"]}}'),
      'the mapping file has an unknown field "emial" (did you mean email?)',
    )
    assert.include(failureOf('{"version":1,"preset":"gogle"}') ?? "", "did you mean google?")
    assert.include(failureOf("{") ?? "", "is not JSON")
    assert.include(failureOf("[]") ?? "", "must be an object")
    assert.include(failureOf('{"version":2}') ?? "", "version")
    assert.include(
      failureOf('{"version":1,"custom":[{"name":"A","type":"numbr","column":"A"}]}') ?? "",
      "type",
    )
  })
})
