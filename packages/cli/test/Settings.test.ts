import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { inside as aelyst } from "./inside.ts"
import { Home } from "./process.ts"

const list = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>) => {
  const { code, stdout, stderr } = await aelyst(["config", "list", "--show-origin", ...args], {
    env,
  })
  assert.strictEqual(code, 0, stderr)
  const rows = stdout.split("\n").map((line) => line.split("\t"))
  return Object.fromEntries(rows.map(([key, value, from]) => [key, [value, from]]))
}

describe.concurrent("settings", () => {
  it("are taken from the flag, then the environment, then the profile, then the default", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const set = await aelyst(["config", "set", "retries", "7"], { env })
    assert.strictEqual(set.code, 0, set.stderr)
    assert.deepStrictEqual((await list([], env))["retries"], ["7", "profile default"])
    const more = { ...env, AELYST_RETRIES: "5" }
    assert.deepStrictEqual((await list([], more))["retries"], ["5", "AELYST_RETRIES"])
    assert.deepStrictEqual((await list(["--retries", "2"], more))["retries"], ["2", "--retries"])
    assert.strictEqual((await aelyst(["config", "unset", "retries"], { env })).code, 0)
    assert.deepStrictEqual((await list([], env))["retries"], ["3", "default"])
  })

  it("come from the profile that a flag, the environment or the file names", async () => {
    using home = new Home()
    const config = join(home.path, "config.json")
    const profiles = { one: { retries: 1 }, two: { retries: "2" }, three: { retries: 3 } }
    writeFileSync(config, JSON.stringify({ profile: "one", profiles }))
    const env = { AELYST_CONFIG: config }
    assert.strictEqual((await list([], env))["retries"]?.[0], "1")
    const two = { ...env, AELYST_PROFILE: "two" }
    assert.strictEqual((await list([], two))["retries"]?.[0], "2")
    assert.strictEqual((await list(["--profile", "three"], two))["retries"]?.[0], "3")
    const unknown = await aelyst(["config", "list", "--profile", "four"], { env })
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.stderr, "profiles: one, two, three")
  })

  it("need no home directory", async () => {
    const env = { AELYST_TOKEN: "sandbox_ok", HOME: "" }
    assert.strictEqual((await aelyst(["config", "list"], { env })).code, 0)
    assert.strictEqual((await aelyst(["auth", "status"], { env })).code, 0)
    const set = await aelyst(["config", "set", "retries", "1"], { env })
    assert.strictEqual(set.code, 2)
    assert.include(set.stderr, "XDG_CONFIG_HOME")
  })

  it("are refused by the name of their source", async () => {
    using home = new Home()
    const config = join(home.path, "config.json")
    writeFileSync(config, JSON.stringify({ profiles: { default: { timeout: "soon" } } }))
    const cases = [
      [
        [],
        { AELYST_CONFIG: config },
        'invalid value "soon" for timeout of profile default: expected a duration such as 500ms, 2s or 5m',
      ],
      [
        [],
        { AELYST_TIMEOUT: "0s" },
        'invalid value "0s" for AELYST_TIMEOUT: expected a duration of at least 1ms',
      ],
      [
        ["--retries", "101"],
        {},
        'invalid value "101" for --retries: expected an integer between 0 and 100',
      ],
      [
        ["--delivery", "once"],
        {},
        'invalid value "once" for --delivery: expected at-most-once or natural-key',
      ],
      [
        [],
        { AELYST_RATE: "0" },
        'invalid value "0" for AELYST_RATE: expected a number of requests per second above 0, such as 5/s',
      ],
      [
        ["--base-url", "ftp://a.test"],
        {},
        'invalid value "ftp://a.test" for --base-url: must begin with https://',
      ],
    ] as const
    for (const [args, env, said] of cases) {
      const { code, stdout, stderr } = await aelyst(["config", "list", ...args], { env })
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.include(stderr, said)
    }
  })

  it("are not quoted if they may be a token", async () => {
    const env = { AELYST_TIMEOUT: "canary12" }
    const { code, stderr } = await aelyst(["config", "list"], { env })
    assert.strictEqual(code, 2)
    assert.include(stderr, "invalid value (8 characters) for AELYST_TIMEOUT: expected a duration")
    assert.notInclude(stderr, "canary12")
  })

  it("are saved without changing the rest of the file", async () => {
    using home = new Home()
    const config = join(home.path, "config.json")
    const $schema = "./schema/config.json"
    writeFileSync(
      config,
      JSON.stringify({ $schema, profile: "a", profiles: { a: { rate: "5/s" } } }),
    )
    const env = { AELYST_CONFIG: config }
    await aelyst(["config", "set", "timeout", "9s"], { env })
    await aelyst(["config", "set", "timeout", "8s", "--profile", "b"], { env })
    assert.deepStrictEqual(JSON.parse(readFileSync(config, "utf8")), {
      $schema,
      profile: "a",
      profiles: { a: { rate: "5/s", timeout: "9s" }, b: { timeout: "8s" } },
    })
    const wrong = await aelyst(["config", "set", "timeout", "soon"], { env })
    assert.strictEqual(wrong.code, 2)
    const token = await aelyst(["config", "set", "token", "canary12"], { env })
    assert.strictEqual(token.code, 2)
    assert.include(token.stderr, "aelyst auth login")
    assert.notInclude(token.stderr, "canary12")
  })

  it("are refused if the base URL is http beyond this machine or has a password, which is not quoted", async () => {
    for (const url of ["http://api.example.com/v1", "https://user:canarypass@example.com/v1"]) {
      const { code, stdout, stderr } = await aelyst(["create", "id:url", "--first-name", "Ana"], {
        env: { AELYST_TOKEN: "canary_token_Zx81qQ", AELYST_BASE_URL: url },
      })
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.include(stderr, "AELYST_BASE_URL")
      assert.notMatch(stderr, /canary/)
    }
  })

  it("are refused if a project's file has a token or a base URL", async () => {
    for (const key of ["token", "baseUrl"]) {
      using project = new Home()
      writeFileSync(join(project.path, "aelyst.config.json"), JSON.stringify({ [key]: "canary12" }))
      const { code, stderr } = await aelyst(
        ["create", "id:project", "--first-name", "Ana", "--dry-run"],
        {
          cwd: project.path,
        },
      )
      assert.strictEqual(code, 2)
      assert.include(stderr, "must not be in a project file")
      assert.notInclude(stderr, "canary12")
    }
  })
})
