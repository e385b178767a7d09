import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"

import * as Request from "../src/call/Request.ts"
import { validate } from "../src/contact/Contact.ts"

const valid = Result.getOrThrow(
  validate("email:ana@example.com", {
    firstName: "Ana",
    customFields: { Company: "Aelyst", Score: 12_345 },
  }),
)
const config = { baseUrl: "https://api.aelyst.ai/v1", encodePlus: false }
const token = Redacted.make("token-for-tests")

describe("Request.make (W1, W2, W3)", () => {
  it("posts the contact to the address of its identifier, with the token", () => {
    const request = Request.make(config, valid, token, undefined)
    assert.strictEqual(request.method, "POST")
    assert.strictEqual(request.url, "https://api.aelyst.ai/v1/contact/email:ana@example.com")
    assert.deepStrictEqual(
      { ...request.headers },
      {
        accept: "application/json",
        authorization: "Bearer token-for-tests",
        "content-type": "application/json",
      },
    )
  })

  it("sends `+` as the page writes it, or as %2B with `encodePlus` (R24)", () => {
    const phone = Result.getOrThrow(validate("phone:+60123456789", { firstName: "Ana" }))
    const address = (encodePlus: boolean) =>
      Request.make({ ...config, encodePlus }, phone, token, undefined)
        .url.split("/")
        .at(-1)
    assert.strictEqual(address(false), "phone:+60123456789")
    assert.strictEqual(address(true), "phone:%2B60123456789")
  })

  it("does not let further headers replace its own", () => {
    const more = { authorization: "Bearer other", "x-request-id": "7" }
    const { headers } = Request.make(config, valid, token, more)
    assert.strictEqual(headers["authorization"], "Bearer token-for-tests")
    assert.strictEqual(headers["x-request-id"], "7")
  })
})

describe("Request.secretsOf", () => {
  it("lists the identifier, every value and the token", () => {
    const secrets = Request.secretsOf(valid, token)
    for (const secret of [
      "email:ana@example.com",
      "ana@example.com",
      "Ana",
      "Aelyst",
      "12345",
      "token-for-tests",
    ]) {
      assert.include(secrets, secret)
    }
  })
})
