import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { checkClock, checkNode } from "../src/commands/Doctor.ts"
import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"

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
      const message = `Node.js ${version} is too old: install 22.19 or newer`
      assert.deepStrictEqual(checkNode(version).problem, { message, exit: "usage" })
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
      assert.deepStrictEqual(checkClock(now, date)?.problem, {
        message: "the clock differs from the server's by 7 s: set the clock of this machine",
        exit: "usage",
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
    assert.include(rowsOf(stdout), "no\tnetwork\t127.0.0.1:1, proxy: none: ECONNREFUSED")
    assert.strictEqual(
      stderr,
      "error: cannot reach 127.0.0.1:1: ECONNREFUSED (check the base URL, DNS, the network or HTTPS_PROXY)  [NETWORK]\n" +
        "  nothing was sent\n",
    )
  })

  it("ends with the exit code of the first problem, and names the others", async () => {
    const env = { AELYST_BASE_URL: "http://127.0.0.1:1/v1" }
    const { code, stderr } = await inside(["doctor"], { env })
    assert.strictEqual(code, 4)
    assert.match(
      stderr,
      /^error: no token for 127\.0\.0\.1:1 {2}\[TOKEN_MISSING\]\n {2}cannot reach/,
    )
  })

  commandMatrix("doctor", ["pipe", "CI", "process"])
})
