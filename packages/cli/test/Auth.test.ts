import { readFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"
import { Home } from "./process.ts"

const stdin = "canary_token_Zx81qQ"
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"))

describe.concurrent("aelyst auth login", () => {
  it("saves the token with its origin, and says that it is not verified", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const { code, stderr } = await inside(["auth", "login", "--token-stdin"], { env, stdin })
    const path = join(home.path, ".config", "aelyst", "credentials.json")
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(
      stderr,
      `saved the token for api.aelyst.ai in profile default (${path})\n` +
        "it is not verified: only creating a contact would do that\n",
    )
    assert.deepStrictEqual(json(path), {
      profiles: { default: { token: stdin, origin: "https://api.aelyst.ai" } },
    })
  })

  it("saves a base URL that is given, so that the profile leads to the token's host", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const baseUrl = "http://127.0.0.1:1/v1"
    const login = ["auth", "login", "--token-stdin", "--profile", "local", "--base-url", baseUrl]
    assert.strictEqual((await inside(login, { env, stdin })).code, 0)
    assert.deepStrictEqual(json(join(home.path, ".config", "aelyst", "config.json")), {
      profiles: { local: { baseUrl } },
    })
    const status = await inside(["auth", "status", "--profile", "local", "--json"], { env })
    assert.deepStrictEqual(JSON.parse(status.stdout), {
      schemaVersion: 1,
      ok: true,
      profile: "local",
      host: "127.0.0.1:1",
      from: "the saved token of profile local",
      overridesSaved: false,
    })
  })

  it("says how to give the token if there is no terminal", async () => {
    const { code, stderr } = await inside(["auth", "login"])
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      "error: cannot prompt for the token without a terminal  [USAGE]\n" +
        "  fix:   aelyst auth login --token-stdin < <path>, or --token-file <path>\n",
    )
  })

  it("rejects two sources of the token", async () => {
    const { code, stderr } = await inside(["auth", "login", "--token-stdin", "--token-file", "x"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "--token-stdin and --token-file cannot be combined")
  })
})

describe.concurrent("aelyst auth status", () => {
  it("says what to do without a token", async () => {
    const { code, stdout, stderr } = await inside(["auth", "status"])
    assert.deepStrictEqual([code, stdout], [4, ""])
    assert.strictEqual(
      stderr,
      "error: no token for api.aelyst.ai  [TOKEN_MISSING]\n" +
        "  fix:   set AELYST_TOKEN, or run: aelyst auth login\n" +
        "  nothing was sent; without an account: aelyst sandbox exec -- aelyst create …\n",
    )
  })
})

describe.concurrent("with AELYST_TOKEN, aelyst auth", () => {
  it("R10 says at login and in the status that the variable wins over the saved token", async () => {
    using home = new Home()
    const env = { HOME: home.path, AELYST_TOKEN: "canary_other_Zx81qQ" }
    const login = await inside(["auth", "login", "--token-stdin"], { env, stdin })
    assert.strictEqual(login.code, 0)
    assert.include(login.stderr, "warning: AELYST_TOKEN is set and wins over the saved token")
    const status = await inside(["auth", "status"], { env })
    assert.include(status.stdout, "token\tfrom AELYST_TOKEN")
    assert.include(
      status.stderr,
      "AELYST_TOKEN is set and wins over the saved token of profile default",
    )
    const asJson = await inside(["auth", "status", "--json"], { env })
    assert.isTrue(JSON.parse(asJson.stdout).overridesSaved)
    const without = await inside(["auth", "status"], { env: { HOME: home.path } })
    assert.strictEqual(without.stderr, "")
    for (const { stdout, stderr } of [login, status, asJson]) {
      assert.notMatch(stdout + stderr, /canary/)
    }
  })
})

describe.concurrent("aelyst auth logout", () => {
  it("removes only the token of its profile", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    for (const profile of ["a", "b"]) {
      await inside(["auth", "login", "--token-stdin", "--profile", profile], { env, stdin })
    }
    const { code, stderr } = await inside(["auth", "logout", "--profile", "a"], { env })
    assert.deepStrictEqual([code, stderr], [0, "removed the token of profile a\n"])
    assert.deepStrictEqual(json(join(home.path, ".config", "aelyst", "credentials.json")), {
      profiles: { b: { token: stdin, origin: "https://api.aelyst.ai" } },
    })
  })

  it("says that there is no saved token, and ends with 0", async () => {
    using home = new Home()
    const { code, stderr } = await inside(["auth", "logout"], { env: { HOME: home.path } })
    assert.deepStrictEqual([code, stderr], [0, "profile default has no saved token\n"])
  })
})

describe.concurrent("aelyst auth", () => {
  commandMatrix("auth", ["pipe", "CI", "process"])
})
