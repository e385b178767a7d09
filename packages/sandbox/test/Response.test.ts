import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import * as ApiResponse from "../src/api/Response.ts"
import type { SandboxOptions } from "../src/types.ts"
import { create } from "./client.ts"

const start = (options?: SandboxOptions) => Sandbox.start({ clock: "virtual", ...options })

describe("responses over HTTP", () => {
  it("W5: it responds to a success with the string 200 and the documented message", async () => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1")
    assert.strictEqual(reply.text, '{"code":"200","message":"Contact added successfully!"}')
  })

  it("W6: it responds to a broken rule with the integer 400 and the documented message", async () => {
    await using sandbox = await start()
    const reply = await create(sandbox, "id:1", {})
    assert.strictEqual(reply.text, '{"code":400,"message":"Validation error."}')
  })

  it("W9: it responds to an unexpected error with the integer 500 and the documented message", async () => {
    await using sandbox = await start({ faults: ["500"] })
    const reply = await create(sandbox, "id:1")
    assert.strictEqual(reply.status, 500)
    assert.strictEqual(reply.text, '{"code":500,"message":"Unexpected error occurred"}')
  })

  it.each([
    ["integer", "1"],
    ["fraction", "0.75"],
    ["date", "Thu, 01 Jan 2026 00:00:01 GMT"],
    ["none", undefined],
  ] as const)("writes Retry-After as %s: %s", async (retryAfter, expected) => {
    await using sandbox = await start({ limit: 1, retryAfter })
    await sandbox.advance(250)
    await create(sandbox, "id:1")
    const { headers } = await create(sandbox, "id:2")
    assert.strictEqual(headers["retry-after"], expected)
    assert.strictEqual(headers.date, "Thu, 01 Jan 2026 00:00:00 GMT")
  })
})

describe("bodyOf", () => {
  it.each([
    [200, { code: "200", message: "Contact added successfully!" }],
    [201, { code: "201", message: "Contact added successfully!" }],
    [400, { code: 400, message: "Validation error." }],
    [401, { code: 401, message: "UN_AUTHORIZED" }],
    [429, { code: 429, message: "Too Many Requests" }],
    [500, { code: 500, message: "Unexpected error occurred" }],
    [503, { code: 503, message: "Service Unavailable" }],
    [418, { code: 418, message: "Error" }],
  ])("returns the body of %d in the documented shape: %j", (status, body) => {
    assert.deepStrictEqual(JSON.parse(ApiResponse.bodyOf(status)), body)
  })
})

describe("exists", () => {
  it.each([
    ["reject", 400, "Contact already exists."],
    ["reject=403", 403, "Contact already exists."],
    ["reject=409", 409, "Contact already exists."],
    ["reject=object", 400, { error: "Contact already exists." }],
  ] as const)("responds to %s with %d and a message", (existing, status, message) => {
    const response = ApiResponse.exists(existing)
    assert.strictEqual(response.status, status)
    assert.deepStrictEqual(JSON.parse(String(response.body)), { code: status, message })
  })
})

describe("formatRetryAfter", () => {
  it.each([
    ["integer", 1, "1"],
    ["integer", 1001, "2"],
    ["fraction", 1500.2, "1.501"],
    ["date", 1, "Thu, 01 Jan 1970 00:00:11 GMT"],
    ["none", 1000, undefined],
  ] as const)("writes %s for %d ms, never less: %s", (form, ms, expected) => {
    assert.strictEqual(ApiResponse.formatRetryAfter(form, ms, 10_000), expected)
  })
})

describe("byteLength", () => {
  it("counts bytes, not characters", () => {
    assert.strictEqual(ApiResponse.byteLength("Zoë"), 4)
    assert.strictEqual(ApiResponse.byteLength(new Uint8Array(3)), 3)
  })
})
