import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxOptions } from "../src/types.ts"
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

describe("the documented wire", () => {
  it("W1: it takes POST /v1/contact/{identifier} with a bearer token and JSON, and answers JSON", async () => {
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
  ])("W2: it answers the identifier %s with %d", async (identifier, status) => {
    await using sandbox = await start()
    assert.strictEqual((await create(sandbox, identifier)).status, status)
    assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
  })

  it("W3: it keeps every documented member of the page's example as given", async () => {
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
    ["a picture that is no URL", { firstName: "Ana", profilePic: "avatar.png" }],
    ["a country of three letters", { firstName: "Ana", countryCode: "MYS" }],
    ["custom_fields that are no array", { firstName: "Ana", custom_fields: {} }],
    ["a custom field without a name", { firstName: "Ana", custom_fields: [{ value: "x" }] }],
    ["an array", []],
    ["a string", '"Ana"'],
    ["no JSON", "{firstName:"],
    ["an empty body", ""],
  ])("W3: it refuses %s with a 400 and an issue", async (_, body) => {
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
  ])("W4: it takes the declared field %s with the value %s", async (name, value) => {
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
  ])("W4: it refuses the field %s with the value %s", async (name, value) => {
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

  it("W5: it answers a success with the string 200 and the documented message", async () => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1")
    assert.strictEqual(reply.text, '{"code":"200","message":"Contact added successfully!"}')
  })

  it("W6: it answers a broken rule with the integer 400 and the documented message", async () => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1", {})
    assert.strictEqual(reply.text, '{"code":400,"message":"Validation error."}')
  })

  it.each([
    ["no token", null, {}],
    ["an unknown token", "nobody", {}],
    ["a longer unknown token", "x".repeat(5000), {}],
    ["the token that is always refused", "sandbox_401", {}],
    ["another scheme", null, { authorization: "Basic sandbox_ok" }],
    ["a token without a scheme", null, { authorization: "sandbox_ok" }],
    ["two tokens", null, { authorization: ["Bearer sandbox_ok", "Bearer sandbox_ok"] }],
  ])("W7: it answers %s with the documented 401 and creates nothing", async (_, token, headers) => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1", { firstName: "Ana" }, { token, headers })
    assert.strictEqual(reply.status, 401)
    assert.strictEqual(reply.text, '{"code":401,"message":"UN_AUTHORIZED"}')
    assert.deepStrictEqual(sandbox.contacts(), [])
    assert.notInclude(JSON.stringify(sandbox.requests()), "nobody")
  })

  it("W7: it takes the scheme in any case", async () => {
    await using sandbox = await start()
    const headers = { authorization: "bEARER sandbox_ok" }
    assert.strictEqual(
      (await create(sandbox, "id:1", undefined, { token: null, headers })).status,
      200,
    )
  })

  it("W8: it answers the eleventh request of a second with the documented 429 and its three headers", async () => {
    await using sandbox = await start()
    for (let n = 1; n <= 10; n++) {
      const { headers, status } = await create(sandbox, `id:${n}`)
      assert.deepStrictEqual(
        [status, headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]],
        [200, "10", String(10 - n)],
      )
    }
    const { headers, status, text } = await create(sandbox, "id:11")
    assert.deepStrictEqual([status, text], [429, '{"code":429,"message":"Too Many Requests"}'])
    assert.strictEqual(headers["retry-after"], "1")
    assert.strictEqual(headers["x-ratelimit-limit"], "10")
    assert.strictEqual(headers["x-ratelimit-remaining"], "0")
    assert.strictEqual(sandbox.contacts().length, 10)
  })

  it("W9: it answers an unexpected error with the integer 500 and the documented message", async () => {
    await using sandbox = await start({ faults: ["500"] })
    const reply = await create(sandbox, "id:1")
    assert.strictEqual(reply.status, 500)
    assert.strictEqual(reply.text, '{"code":500,"message":"Unexpected error occurred"}')
  })
})
