import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import { call } from "./client.ts"

const page = "http://localhost:5173"
const preflight = {
  origin: page,
  "access-control-request-method": "POST",
  "access-control-request-headers": "authorization,content-type",
}

describe("Cors", () => {
  it("R20: lets a page of a listed origin call the API and read its headers", async () => {
    await using sandbox = await Sandbox.start({ cors: [page] })
    const url = `${sandbox.baseUrl}/contact/id:1`
    const asked = await call(url, { method: "OPTIONS", headers: preflight })
    assert.strictEqual(asked.status, 204)
    assert.strictEqual(asked.headers["access-control-allow-origin"], page)
    assert.strictEqual(asked.headers["access-control-allow-methods"], "POST")
    assert.strictEqual(asked.headers["access-control-allow-headers"], "authorization,content-type")
    assert.deepStrictEqual(sandbox.requests(), [])
    sandbox.fail({ status: 429, retryAfter: 1, times: 1 })
    const limited = await call(url, { method: "POST", headers: { origin: page } })
    assert.strictEqual(limited.status, 429)
    assert.strictEqual(limited.headers["access-control-allow-origin"], page)
    assert.match(limited.headers["access-control-expose-headers"] ?? "", /Retry-After/)
  })

  it("opens neither the API to other origins nor the admin API to any", async () => {
    await using sandbox = await Sandbox.start({ cors: [page] })
    const url = `${sandbox.baseUrl}/contact/id:1`
    const headers = { ...preflight, origin: "http://evil.test" }
    const other = await call(url, { method: "OPTIONS", headers })
    assert.strictEqual(other.headers["access-control-allow-origin"], undefined)
    const reset = { method: "POST", headers: { origin: "http://app.test" } }
    assert.strictEqual((await call(`${sandbox.origin}/_sandbox/reset`, reset)).status, 403)
    const admin = await call(`${sandbox.origin}/_sandbox/health`, { headers: { origin: page } })
    assert.strictEqual(admin.headers["access-control-allow-origin"], undefined)
  })

  it("refuses a list with anything but origins", async () => {
    for (const cors of [["localhost:5173"], ["http://localhost:5173/"], ["*"]]) {
      const error = await Sandbox.start({ cors }).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.instanceOf(error, TypeError)
      assert.match(error.message, /`cors` must be a list of origins/)
    }
  })
})
