import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
import * as Validation from "../src/api/Validation.ts"
import * as Result from "effect/Result"
import { call, create } from "./client.ts"

const example = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

const fields = {
  Note: "text",
  Age: "number",
  Work: "email",
  Site: "url",
  Tier: { type: "list", options: ["Gold", "Silver"] },
  Born: "date",
  Call: "time",
  Vip: "checkbox",
} as const satisfies SandboxOptions["fields"]

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("requests to the endpoint", () => {
  it("W1: it accepts POST /v1/contact/{identifier} with a bearer token and JSON, and responds with JSON", async () => {
    await using sandbox = await start()
    const reply = await create(sandbox, "example", example)
    assert.strictEqual(reply.status, 200)
    assert.strictEqual(reply.headers["content-type"], "application/json")
    assert.strictEqual(
      (await call(`${sandbox.baseUrl}/contact/example`, { method: "GET" })).status,
      404,
    )
    assert.strictEqual(
      (await call(`${sandbox.baseUrl}/contact/a/b`, { body: example })).status,
      404,
    )
    assert.strictEqual((await call(`${sandbox.baseUrl}/contact/`, { body: example })).status, 404)
  })

  it.each([
    ["email:abdc@gmail.com", 200],
    ["phone:+60121233112", 200],
    ["id:42", 200],
    ["example", 200],
    ["email:a%2Fb@example.com", 200],
    ["phone:0121233112", 400],
    ["email:abdc", 400],
    ["email:email:abdc@gmail.com", 400],
    ["abdc@gmail.com", 400],
    ["%E0%A4%A", 400],
  ])("W2: it responds to the identifier %s with %d", async (identifier, status) => {
    await using sandbox = await start()
    assert.strictEqual((await create(sandbox, identifier)).status, status)
    assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
  })

  it("W3: it keeps every documented member of the example as given", async () => {
    await using sandbox = await start()
    await create(sandbox, "example", example)
    const [contact] = sandbox.contacts()
    assert.deepInclude(contact, { identifier: "example", ...example })
  })

  it.each([
    ["no firstName", { lastName: "Mahin" }],
    ["a blank firstName", { firstName: " " }],
    ["a firstName that is a number", { firstName: 1 }],
    ["null for an optional member", { firstName: "Ana", lastName: null }],
    ["a phone without its country", { firstName: "Ana", phone: "0123456789" }],
    ["an email without its domain", { firstName: "Ana", email: "ana@" }],
    ["a picture that is not a URL", { firstName: "Ana", profilePic: "avatar.png" }],
    ["a country of three letters", { firstName: "Ana", countryCode: "MYS" }],
    ["custom_fields that are not an array", { firstName: "Ana", custom_fields: {} }],
    ["a custom field without a name", { firstName: "Ana", custom_fields: [{ value: "x" }] }],
    ["an array", []],
    ["a string", '"Ana"'],
    ["a body that is not JSON", "{firstName:"],
    ["an empty body", ""],
  ])("W3: it rejects %s with a 400 and an issue", async (_, body) => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1", body)
    assert.deepStrictEqual(
      [reply.status, reply.json],
      [400, { code: 400, message: "Validation error." }],
    )
    assert.isNotEmpty(sandbox.requests()[0]?.issues)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it.each([
    ["Note", "any text"],
    ["Age", 42.5],
    ["Work", "user@domain.com"],
    ["Site", "www.website.com"],
    ["Site", "https://www.website.com"],
    ["Site", "website.com"],
    ["Site", "http://website.com"],
    ["Tier", "Gold"],
    ["Born", "2024-02-29"],
    ["Call", "13:00"],
    ["Vip", "true"],
    ["Vip", false],
    ["Vip", undefined],
  ])("W4: it accepts the declared field %s with the value %s", async (name, value) => {
    await using sandbox = await start({ fields })
    const reply = await create(sandbox, "id:1", {
      firstName: "Ana",
      custom_fields: [{ name, value }],
    })
    assert.strictEqual(reply.status, 200)
    assert.deepStrictEqual(sandbox.contacts()[0]?.custom_fields, [
      value === undefined ? { name } : { name, value },
    ])
  })

  it.each([
    ["Note", 1],
    ["Age", "42"],
    ["Work", "user"],
    ["Site", "ftp://website.com"],
    ["Tier", "gold"],
    ["Born", "2023-02-29"],
    ["Born", "29-02-2024"],
    ["Call", "24:00"],
    ["Call", "1 PM"],
    ["Vip", "yes"],
    ["Other", "not declared"],
  ])("W4: it rejects the field %s with the value %s", async (name, value) => {
    await using sandbox = await start({ fields })
    const reply = await create(sandbox, "id:1", {
      firstName: "Ana",
      custom_fields: [{ name, value }],
    })
    assert.deepStrictEqual(
      [reply.status, reply.json],
      [400, { code: 400, message: "Validation error." }],
    )
    assert.deepStrictEqual(sandbox.requests()[0]?.issues?.[0]?.path.slice(0, 2), [
      "custom_fields",
      0,
    ])
  })

  it("does not let a body change the prototype of objects", async () => {
    await using sandbox = await start()
    const body = '{"firstName":"Ana","__proto__":{"polluted":true},"constructor":{"a":1}}'
    assert.strictEqual((await create(sandbox, "id:1", body)).status, 200)
    assert.notProperty(sandbox.contacts()[0], "polluted")
    assert.notProperty({}, "polluted")
    assert.notInclude(JSON.stringify(sandbox.contacts()), "polluted")
  })

  it.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/jsonp"]])(
    "responds to the content type %s with 415",
    async (type) => {
      await using sandbox = await Sandbox.start()
      const headers = { "content-type": type }
      assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, 415)
    },
  )

  it("accepts JSON with a charset", async () => {
    await using sandbox = await Sandbox.start()
    const headers = { "content-type": "application/json; charset=utf-8" }
    assert.strictEqual((await create(sandbox, "id:1", undefined, { headers })).status, 200)
  })
})

describe("route", () => {
  it("R24 reads + as a space if asked, and %2B as a plus", () => {
    const plus = Validation.route("POST", "/v1/contact/phone:+60123456789", true)
    const encoded = Validation.route("POST", "/v1/contact/phone:%2B60123456789", true)
    assert.deepStrictEqual([plus, encoded], ["phone: 60123456789", "phone:+60123456789"])
  })

  it.each([
    ["POST", "/v1/contact/id:1", "id:1"],
    ["POST", "/v1/contact/id:1?x=1", "id:1"],
    ["POST", "/v1/contact/email:a%2Fb@example.com", "email:a/b@example.com"],
    ["POST", "/v1/contact/%E0%A4%A", null],
    ["GET", "/v1/contact/id:1", undefined],
    ["POST", "/v1/contact/", undefined],
    ["POST", "/v1/contact/a/b", undefined],
    ["POST", "/contact/id:1", undefined],
  ])("reads %s %s as %s", (method, target, expected) => {
    assert.strictEqual(Validation.route(method, target), expected)
  })
})

describe("readIdentifier", () => {
  it("returns the key, with the domain of an email in lower case", () => {
    assert.deepStrictEqual(Result.getOrThrow(Validation.readIdentifier("email:Ana@EXAMPLE.com")), {
      identifier: "email:Ana@EXAMPLE.com",
      key: "email:Ana@example.com",
    })
  })
})

describe("makeReader", () => {
  it("fails with one issue for a body that is not JSON, without its text", () => {
    const failure = Result.getOrThrow(Result.flip(Validation.makeReader(undefined)("{secret")))
    assert.deepStrictEqual(failure, [
      { path: [], code: "JSON_INVALID", rule: "The body must be JSON" },
    ])
  })

  it("throws a TypeError with a code for a declaration that core does not accept", () => {
    try {
      Validation.makeReader({ Tier: { type: "list", options: [] } })
      assert.fail("it was accepted")
    } catch (error) {
      assert.instanceOf(error, TypeError)
      assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    }
  })
})
