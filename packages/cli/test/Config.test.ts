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
    assert.include(stderr, "fix:   aelyst auth login saves it")
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

describe.concurrent("aelyst config list", () => {
  it("U36 says what holds for a setting that is not set", async () => {
    const { stdout } = await inside(["config", "list"])
    assert.include(stdout, "deadline\t- (60s; with natural-key 120s)\n")
    assert.include(stdout, "rate\t- (what the API allows)\n")
    const { settings } = JSON.parse((await inside(["config", "list", "--json"])).stdout)
    assert.isNull(settings.deadline)
  })
})

describe.concurrent("a profile that does not exist", () => {
  it("U36 is shown with the one that was meant", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    await inside(["config", "set", "timeout", "9s", "--profile", "prod"], { env })
    const { code, stderr } = await inside(["config", "list", "--profile", "prdo"], { env })
    assert.strictEqual(code, 2)
    assert.strictEqual(
      stderr,
      "error: unknown profile prdo. Did you mean prod?  [USAGE]\n" +
        "  profiles: prod\n" +
        "  to create it: aelyst auth login --profile prdo\n",
    )
  })
})

describe.concurrent("aelyst config path", () => {
  it("U36 says which files do not exist", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    await inside(["config", "set", "timeout", "9s"], { env })
    const { stdout } = await inside(["config", "path"], { cwd: home.path, env })
    const directory = join(home.path, ".config", "aelyst")
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      `config\t${join(directory, "config.json")}\texists`,
      `credentials\t${join(directory, "credentials.json")}\tdoes not exist`,
      `state\t${join(home.path, ".local", "state", "aelyst")}\tdoes not exist`,
      `project\t${join(home.path, "aelyst.config.json")}\tdoes not exist`,
    ])
    const json = JSON.parse((await inside(["config", "path", "--json"], { env })).stdout)
    assert.deepInclude(json.exists, { config: true, credentials: false })
  })

  it("prints the path of every file, a hyphen without a home directory", async () => {
    const { stdout } = await inside(["config", "path"], { cwd: "/", env: { HOME: "" } })
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      "config\t-\tno home directory",
      "credentials\t-\tno home directory",
      "state\t-\tno home directory",
      `project\t${join("/", "aelyst.config.json")}\tdoes not exist`,
    ])
  })
})

describe.concurrent("aelyst config", () => {
  commandMatrix("config", ["pipe", "CI", "process"])
})
