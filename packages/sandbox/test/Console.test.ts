import { assert, describe, it } from "@effect/vitest"

import * as Console from "../src/cli/Console.ts"
import { Sandbox } from "../src/Sandbox.ts"
import type { SandboxRequest } from "../src/api/types.ts"

const plain = Console.makePaint(false, {}, false)

const request: SandboxRequest = {
  seq: 1,
  at: new Date(2026, 0, 1, 7, 26, 47, 573).getTime(),
  method: "POST",
  path: "/v1/contact/id:1",
  identifier: "id:1",
  token: "sandbox_ok",
  headers: {},
  body: "",
  phase: "responded",
  status: 200,
  ms: 13.6,
  limit: 10,
  remaining: 9,
}

describe("makePaint", () => {
  it("colours only for a terminal that wants it", () => {
    assert.strictEqual(Console.makePaint(true, {}, false)("red", "x"), "\u001B[31mx\u001B[0m")
    for (const paint of [
      Console.makePaint(false, {}, false),
      Console.makePaint(true, {}, true),
      Console.makePaint(true, { NO_COLOR: "1" }, false),
      Console.makePaint(true, { TERM: "dumb" }, false),
    ])
      assert.strictEqual(paint("red", "x"), "x")
  })
})

describe("visible", () => {
  it("escapes control characters and marks of direction, and nothing else", () => {
    assert.strictEqual(Console.visible("Zoë\u001B[2J\r\u202E+1"), "Zoë\\u001b[2J\\u000d\\u202e+1")
  })
})

describe("banner", () => {
  it("says where a local sandbox is and how to use it", async () => {
    const sandbox = Sandbox.inProcess({ limit: 3, windowMs: 1500 })
    const text = Console.banner(sandbox, {}, plain, {})
    assert.include(text, "Aelyst sandbox (local, in memory, nothing leaves this machine)\n")
    assert.include(text, "3 requests per 1.5 s window (our assumption, --limit/--window)")
    assert.include(
      text,
      "export AELYST_BASE_URL=http://sandbox.localhost/v1 AELYST_TOKEN=sandbox_ok",
    )
    assert.notInclude(text, "Warning")
  })

  it("warns about an address that the network can reach, and omits the inspector", () => {
    const text = Console.banner(
      Sandbox.inProcess(),
      { host: "0.0.0.0", data: "x\n.jsonl" },
      plain,
      {},
    )
    assert.include(text, "Aelyst sandbox (contacts in x\\u000a.jsonl)")
    assert.include(text, "Warning: 0.0.0.0 can be reached from the network")
    assert.notInclude(text, "Inspector")
  })

  it("R21 shows addresses that clients reach, if the sandbox listens on all", async () => {
    await using sandbox = await Sandbox.start({ host: "0.0.0.0" })
    const text = Console.banner(sandbox, { host: "0.0.0.0" }, plain, {})
    const { port } = new URL(sandbox.baseUrl)
    assert.include(text, `API        http://127.0.0.1:${port}/v1`)
    assert.include(text, `AELYST_BASE_URL=http://127.0.0.1:${port}/v1`)
    const [, url = sandbox.baseUrl] = /containers: (http:\S+)/.exec(text) ?? []
    assert.notInclude(text, `0.0.0.0:${port}`)
    const { status } = await fetch(`${url}/contact/id:1`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
    })
    assert.strictEqual(status, 200)
  })
})

describe("exportCommand", () => {
  const variables = { A: "1", B: "2" }
  it.each([
    [{ SHELL: "/bin/zsh" }, "linux", "export A=1 B=2"],
    [{}, "linux", "export A=1 B=2"],
    [{ SHELL: "/usr/bin/fish" }, "darwin", "set -gx A 1; set -gx B 2"],
    [{ SHELL: "/bin/bash", PSModulePath: "x" }, "linux", '$env:A = "1"; $env:B = "2"'],
    [{ PSModulePath: "x" }, "win32", '$env:A = "1"; $env:B = "2"'],
    [{ SHELL: "/usr/bin/bash", PSModulePath: "x" }, "win32", "export A=1 B=2"],
  ])("U36 writes it for the shell of %j on %s: %s", (env, platform, expected) => {
    assert.strictEqual(Console.exportCommand(variables, env, platform), expected)
  })
})

describe("the text of a request", () => {
  const { status: _, ...gone } = { ...request, phase: "gone", fault: "stall" } as const

  it.each<[SandboxRequest, string]>([
    [request, "07:26:47.573  200    14 ms  id:1                            left 9/10\n"],
    [
      { ...request, status: 429, retryAfter: "7" },
      "07:26:47.573  429    14 ms  id:1                            Retry-After 7\n",
    ],
    [gone, "07:26:47.573  gone   14 ms  id:1                            left 9/10  fault stall\n"],
    [
      {
        ...request,
        status: 400,
        issues: [{ path: ["email"], code: "EMAIL_INVALID", rule: "must be an email" }],
      },
      "07:26:47.573  400    14 ms  id:1                            left 9/10  email: must be an email\n",
    ],
  ])("writes %j as %j", (shown, expected) => {
    assert.strictEqual(Console.requestLine(shown, plain), expected)
  })
})
