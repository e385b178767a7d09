import { assert, describe, it } from "@effect/vitest"

import { InvalidContactError, parsePhone } from "../src/index.ts"
import { rejection } from "./sandboxed.ts"

const codesOf = (error: unknown): ReadonlyArray<string> =>
  error instanceof InvalidContactError
    ? error.issues.map(({ code, path }) => `${path.join(".")} ${code}`)
    : ["another error"]

describe("parsePhone", () => {
  it("reads a number as people write it", async () => {
    assert.strictEqual(await parsePhone("+44 (0)20 7946 0958"), "+442079460958")
    assert.strictEqual(await parsePhone("012-345 6789", { defaultCountry: "my" }), "+60123456789")
    assert.strictEqual(await parsePhone("+60123456789"), "+60123456789")
  })

  it("rejects text that is not a number, or could be another one, and an unknown country", async () => {
    assert.deepStrictEqual(codesOf(await rejection(parsePhone("+44 020 7946 0958"))), [
      "phone PHONE_INVALID",
    ])
    assert.deepStrictEqual(codesOf(await rejection(parsePhone("012-345 6789"))), [
      "phone PHONE_NO_COUNTRY",
    ])
    const wrong = await rejection(parsePhone("1", { defaultCountry: "XX" }))
    assert.match(String(wrong), /unknown country code "XX"/)
  })
})
