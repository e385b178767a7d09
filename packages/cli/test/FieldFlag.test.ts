import { CustomField } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import * as FieldFlag from "../src/FieldFlag.ts"

const read = (input: string, catalogue?: CustomField.Catalogue) =>
  Result.getOrThrow(FieldFlag.read(input, 1, catalogue))
const failure = (input: string) =>
  Result.getOrThrow(Result.flip(FieldFlag.read(input, 2, undefined)))

describe("read", () => {
  it("splits at the first equals sign, and takes a text without a type", () => {
    assert.deepStrictEqual(read("Notes=a=b"), { name: "Notes", value: "a=b" })
    assert.deepStrictEqual(read("Notes="), { name: "Notes", value: "" })
  })

  it("converts to the type behind the last colon", () => {
    assert.deepStrictEqual(read("Age:number=41"), { name: "Age", value: 41 })
    assert.deepStrictEqual(read("a:b:checkbox=true"), { name: "a:b", value: "true" })
    assert.deepStrictEqual(read("Tier:list=Gold"), { name: "Tier", value: "Gold" })
  })

  it("U17 reads a type in any case", () => {
    assert.deepStrictEqual(read("Age:NUMBER=4"), { name: "Age", value: 4 })
    assert.deepStrictEqual(read("Website:URL=https://example.com"), {
      name: "Website",
      value: "https://example.com",
    })
  })

  it("U17 fails for an unknown type, and suggests the one that was meant", () => {
    const { exit, message, hints } = failure("Age:numbr=4")
    assert.strictEqual(exit, "usage")
    assert.strictEqual(message, 'unknown type "numbr" in --field (number 2). Did you mean number?')
    assert.include(hints[1], String.raw`write \: instead`)
    assert.notInclude(failure("Ratio 1:2 canary=x").message, "canary")
  })

  it(String.raw`U17 takes \: as a colon of the name`, () => {
    assert.deepStrictEqual(read(String.raw`Ratio 1\:2=x`), { name: "Ratio 1:2", value: "x" })
    assert.deepStrictEqual(read(String.raw`a\:b:number=1`), { name: "a:b", value: 1 })
    assert.deepStrictEqual(read(":number=1"), { name: ":number", value: "1" })
  })

  it("leaves the value to a catalogue that has the field", () => {
    const catalogue = Result.getOrThrow(CustomField.make({ Age: "number" }))
    assert.deepStrictEqual(read("Age:number=41", catalogue), { name: "Age", value: "41" })
  })

  it("fails with the position, and shows neither name nor value", () => {
    for (const input of ["canary", "=canary"]) {
      const { exit, message } = failure(input)
      assert.strictEqual(exit, "usage")
      assert.strictEqual(
        message,
        "invalid --field (number 2): expected 'Name=value' or 'Name:type=value'",
      )
    }
    const { code, exit, message, hints } = failure("canary:number=canary")
    assert.deepStrictEqual([exit, code], ["invalid", "NUMBER_INVALID"])
    assert.match(message, /^invalid --field \(number 2\): [a-z]/)
    assert.notInclude(message + hints.join(), "canary")
    assert.include(hints, "nothing was sent")
  })
})
