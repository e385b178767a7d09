import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import { call } from "./client.ts"

const html = { method: "GET", token: null, headers: { accept: "text/html,*/*;q=0.8" } }

describe("the inspector's page", () => {
  it("is served to browsers, and JSON to other clients", async () => {
    await using sandbox = await Sandbox.start()
    const page = await call(`${sandbox.origin}/_sandbox`, html)
    assert.strictEqual(page.status, 200)
    assert.strictEqual(page.headers["content-type"], "text/html; charset=utf-8")
    assert.strictEqual(page.headers["x-content-type-options"], "nosniff")
    assert.strictEqual(page.headers["cache-control"], "no-store")
    assert.strictEqual(page.headers["x-frame-options"], "DENY")
    assert.strictEqual(page.headers.vary, "accept")
    for (const path of ["/_sandbox/contacts", "/_sandbox/requests", "/_sandbox/nothing", "/v1/"])
      assert.strictEqual(
        (await call(sandbox.origin + path, html)).headers["content-type"],
        "application/json",
      )
    const other = await call(`${sandbox.origin}/_sandbox`, { method: "GET" })
    assert.property(other.json, "paths")
  })

  it("allows only its own script, style and connections", async () => {
    await using sandbox = await Sandbox.start()
    const { headers } = await call(`${sandbox.origin}/_sandbox`, html)
    const policy = String(headers["content-security-policy"])
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/)
    assert.notInclude(policy, "unsafe")
    assert.include(policy, "connect-src 'self'")
    assert.include(policy, "frame-ancestors 'none'")
  })

  it("is not served without the admin API or under other names", async () => {
    await using off = await Sandbox.start({ admin: false })
    await using on = await Sandbox.start()
    assert.strictEqual((await call(`${off.origin}/_sandbox`, html)).status, 404)
    const headers = { ...html.headers, host: "evil.example" }
    assert.strictEqual((await call(`${on.origin}/_sandbox`, { ...html, headers })).status, 421)
  })

  it("is up to date with its sources, and at most 60 kB compressed", async () => {
    const script = fileURLToPath(new URL("../../../scripts/inspector.mjs", import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script, "--check"])
    assert.isAtMost(Number(/has (\d+) bytes/.exec(stdout)?.[1]), 60_000)
  })
})
