import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { checkClock, checkNode, checkProxy } from "../src/commands/Doctor.ts"
import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"
import { Home, aelyst } from "./process.ts"

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start()
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const rowsOf = (stdout: string) => stdout.trimEnd().split("\n")

describe("checkNode", () => {
  it("accepts 22.19 and newer", () => {
    for (const version of ["22.19.0", "22.20.1", "24.0.0", "26.1.0"]) {
      assert.isUndefined(checkNode(version).problem, version)
    }
    for (const version of ["22.18.0", "20.19.5", "18.0.0"]) {
      const fix = "install Node.js 22.19 or newer"
      assert.deepStrictEqual(checkNode(version).problem, { fix, exit: "usage", code: "USAGE" })
    }
  })
})

describe("checkClock", () => {
  const date = "Fri, 27 Nov 2026 12:00:00 GMT"
  const served = Date.parse(date)

  it("accepts less than 5 s of difference, and shows less than 1 s as none", () => {
    assert.deepStrictEqual(checkClock(served + 999, date), {
      name: "clock",
      detail: "0 ms from the server's",
    })
    assert.isUndefined(checkClock(served - 4_999, date)?.problem)
  })

  it("reports a larger difference, in both directions", () => {
    for (const now of [served + 7_000, served - 7_000]) {
      assert.deepStrictEqual(checkClock(now, date), {
        name: "clock",
        detail: "7 s from the server's",
        problem: { fix: "set the clock of this machine", exit: "usage", code: "USAGE" },
      })
    }
  })

  it("has nothing to compare without a date", () => {
    assert.isUndefined(checkClock(served, undefined))
    assert.isUndefined(checkClock(served, "soon"))
  })
})

describe.concurrent("aelyst doctor", () => {
  it("sends no contact and no token", async () => {
    const before = sandbox.requests().length
    const env = { AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: sandbox.baseUrl }
    const { code, stdout, stderr } = await inside(["doctor"], { env })
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.deepStrictEqual(
      rowsOf(stdout).map((row) => row.split("\t").slice(0, 2).join(" ")),
      [
        "ok node",
        "ok settings",
        "ok state",
        "ok certificates",
        "ok token",
        "ok proxy",
        "ok network",
        "ok clock",
      ],
    )
    for (const { headers } of sandbox.requests().slice(before)) {
      assert.isUndefined(headers["authorization"])
    }
    assert.lengthOf(sandbox.contacts(), 0)
  })

  it("says what is wrong and what to do if the host does not respond", async () => {
    const env = { AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: "http://127.0.0.1:1/v1" }
    const { code, stdout, stderr } = await inside(["doctor"], { env })
    assert.strictEqual(code, 8)
    assert.includeMembers(rowsOf(stdout), [
      "no\tnetwork\tcannot reach 127.0.0.1:1: ECONNREFUSED",
      "fix\tnetwork\tcheck the base URL, DNS, the network or HTTPS_PROXY",
    ])
    assert.strictEqual(
      stderr,
      "error: 1 of 7 checks failed: network  [NETWORK]\n" +
        "  fix:   do what the lines that begin with fix say\n" +
        "  nothing was sent\n",
    )
  })

  it("ends with the exit code of the first problem, and names the others", async () => {
    const env = { AELYST_BASE_URL: "http://127.0.0.1:1/v1" }
    const { code, stderr } = await inside(["doctor"], { env })
    assert.strictEqual(code, 4)
    assert.match(stderr, /^error: 2 of 7 checks failed: token, network {2}\[TOKEN_MISSING\]\n/)
  })

  it("U22 runs every check whatever is broken, and names the cure for each", async () => {
    using home = new Home()
    const config = join(home.path, "config.json")
    writeFileSync(config, "{")
    const state = join(home.path, "state")
    writeFileSync(state, "a file")
    const up = { AELYST_BASE_URL: sandbox.baseUrl, AELYST_TOKEN: "sandbox_ok" }
    const broken = [
      ["settings", { ...up, AELYST_CONFIG: config }],
      ["settings", { ...up, AELYST_TIMEOUT: "abc" }],
      ["settings", { ...up, AELYST_PROFILE: "none" }],
      ["state", { ...up, AELYST_STATE_DIR: state }],
      ["certificates", { ...up, NODE_TLS_REJECT_UNAUTHORIZED: "0" }],
      ["token", { ...up, AELYST_TOKEN: '"canary12"' }],
      ["settings, network", { ...up, AELYST_BASE_URL: "nowhere" }],
      [
        "proxy, network",
        { ...up, AELYST_BASE_URL: "https://api.example.test", https_proxy: "socks5://a" },
      ],
    ] as const
    for (const [names, env] of broken) {
      // the transport reads the proxy from the environment of the process
      const { code, stdout, stderr } = await aelyst(["doctor"], { env, cwd: home.path })
      assert.include([2, 4], code, names)
      assert.include(stderr, `checks failed: ${names}  [`)
      const rows = rowsOf(stdout).map((row) => row.split("\t"))
      for (const name of names.split(", ")) {
        const at = rows.findIndex(([status, one]) => status === "no" && one === name)
        assert.deepStrictEqual(rows[at + 1]?.slice(0, 2), ["fix", name])
        assert.isAbove(rows[at + 1]?.[2]?.length ?? 0, 8)
      }
      const all = ["node", "settings", "state", "certificates", "token", "proxy", "network"]
      for (const name of all)
        assert.isTrue(
          rows.some(([, one]) => one === name),
          name,
        )
      assert.notInclude(stdout + stderr, "canary12")
    }
  })

  it("R2 says which proxy is read and which variables are not", () => {
    const api = { baseUrl: "https://api.example.com/v1", host: "api.example.com" }
    assert.strictEqual(checkProxy({}, undefined, api).detail, "none")
    const env = { ALL_PROXY: "socks5://a", HTTPS_PROXY: "http://b", NO_PROXY: "x" }
    assert.strictEqual(
      checkProxy(env, undefined, api).detail,
      "HTTPS_PROXY is set, unless NO_PROXY lists the host; not read: ALL_PROXY",
    )
    const local = { baseUrl: "http://127.0.0.1:4242/v1", host: "127.0.0.1:4242" }
    assert.strictEqual(
      checkProxy(env, undefined, local).detail,
      "HTTPS_PROXY is set, and not used for 127.0.0.1:4242; not read: ALL_PROXY",
    )
  })

  commandMatrix("doctor", ["pipe", "CI", "process"])
})
