import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { keys } from "../src/SettingTable.ts"
import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"
import { Home } from "./process.ts"

describe.concurrent("aelyst config list", () => {
  it("prints every setting, and its origin only with --show-origin", async () => {
    const env = { AELYST_RETRIES: "5" }
    const plain = JSON.parse((await inside(["config", "list", "--json"], { env })).stdout)
    assert.sameMembers(Object.keys(plain.settings), [...keys])
    assert.strictEqual(plain.settings.retries, "5")
    const args = ["config", "list", "--show-origin", "--json"]
    const { settings } = JSON.parse((await inside(args, { env })).stdout)
    assert.deepStrictEqual(settings.retries, { text: "5", from: "AELYST_RETRIES" })
  })
})

describe.concurrent("aelyst config get", () => {
  it("prints only the value, or with its origin as JSON", async () => {
    assert.strictEqual((await inside(["config", "get", "retries"])).stdout, "3\n")
    const { stdout } = await inside(["config", "get", "retries", "--json"])
    assert.deepInclude(JSON.parse(stdout), { key: "retries", value: "3", from: "default" })
  })

  it("suggests the setting that was meant", async () => {
    const { code, stderr } = await inside(["config", "get", "retires"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "error: unknown setting")
    assert.include(stderr, "did you mean retries?")
  })

  it("says where a token is saved instead", async () => {
    const { code, stderr } = await inside(["config", "get", "token"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "save it with: aelyst auth login")
  })
})

describe.concurrent("aelyst config set", () => {
  it("saves in the profile, says where, and `unset` removes it again", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const path = join(home.path, ".config", "aelyst", "config.json")
    const args = ["timeout", "9s", "--profile", "a"]
    const { code, stderr } = await inside(["config", "set", ...args], { env })
    assert.deepStrictEqual([code, stderr], [0, `saved in profile a (${path})\n`])
    const get = ["config", "get", "timeout", "--profile", "a"]
    assert.strictEqual((await inside(get, { env })).stdout, "9s\n")
    await inside(["config", "unset", "timeout", "--profile", "a"], { env })
    assert.strictEqual((await inside(get, { env })).stdout, "15s\n")
  })

  it("saves no invalid value, and says what is expected", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const { code, stderr } = await inside(["config", "set", "retries", "101"], { env })
    assert.strictEqual(code, 2)
    assert.include(
      stderr,
      'error: invalid value "101" for retries: expected an integer between 0 and 100  [USAGE]',
    )
    assert.strictEqual((await inside(["config", "get", "retries"], { env })).stdout, "3\n")
  })
})

describe.concurrent("aelyst config path", () => {
  it("prints the path of every file, empty without a home directory", async () => {
    const { stdout } = await inside(["config", "path"], { cwd: "/", env: { HOME: "" } })
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      "config\t",
      "credentials\t",
      "state\t",
      `project\t${join("/", "aelyst.config.json")}`,
    ])
  })
})

describe.concurrent("aelyst config", () => {
  commandMatrix("config", ["pipe", "CI", "process"])
})
