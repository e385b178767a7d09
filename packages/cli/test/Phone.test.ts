import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import { sendAll, someNumbers } from "../../../apps/conformance/src/phones/WrittenNumbers.ts"
import { checkCountry, reader } from "../src/Phone.ts"
import { inside } from "./inside.ts"
import { aelyst } from "./process.ts"

describe("reader", () => {
  it("reads numbers by the plan of their country", async () => {
    const { parsePhone } = await Effect.runPromise(reader)
    const number = parsePhone("020 7183 8750", { defaultCountry: "GB" })
    assert.strictEqual(Result.getOrThrow(number), "+442071838750")
  })
})

describe("the command's bundle", () => {
  it("U11 loads the numbering plans when a number first needs them", async () => {
    const hook = `import { registerHooks } from "node:module"
      registerHooks({ load: (url, context, next) => {
        if (/phone-[^/]*$/.test(url)) console.error("loaded the plans")
        return next(url, context)
      } })`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` }
    const more = ["--first-name", "Ana", "--default-country", "MY", "--dry-run"]
    const plain = await aelyst(["create", "phone:+60123456789", ...more], { env })
    assert.deepStrictEqual([plain.code, plain.stderr], [0, ""])
    const national = await aelyst(["create", "phone:012-345 6789", ...more], { env })
    assert.include(national.stdout, "/contact/phone:+60123456789 ")
    assert.match(national.stderr, /^loaded the plans\n/)
  })
})

describe("a phone number as people write it", () => {
  it("R3 U11 reaches the server as itself or not at all, through the command", async () => {
    const refused = await sendAll(someNumbers(13, 100), ({ baseUrl, tokens }) => {
      const env = { AELYST_BASE_URL: baseUrl, AELYST_TOKEN: tokens.ok }
      return async ({ country, text }, id) => {
        const flags = ["--first-name", "Ana", "--phone", text, "--default-country", country]
        const { code } = await inside(["create", id, ...flags], { env })
        assert.include([0, 3], code)
      }
    })
    assert.isBelow(refused, 25)
  })
})

describe("checkCountry", () => {
  it("accepts a country with a numbering plan, and none", async () => {
    for (const country of ["MY", "DE", undefined]) {
      const checked = await Effect.runPromise(Effect.result(checkCountry(country)))
      assert.isTrue(Result.isSuccess(checked))
    }
  })

  it("fails for a country without a numbering plan", async () => {
    const { exit, message } = await Effect.runPromise(Effect.flip(checkCountry("XX")))
    assert.deepStrictEqual(
      [exit, message],
      ["usage", 'unknown country code "XX" for --default-country'],
    )
  })
})
