import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Home, aelyst, startInTerminal } from "../process.ts"

let sandbox: Sandbox
const home = new Home()

beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 100 })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

const optionsOf = (env: Readonly<Record<string, string>>) => ({
  env: {
    HOME: home.path,
    AELYST_TOKEN: "sandbox_ok",
    AELYST_BASE_URL: sandbox.baseUrl,
    ...env,
  },
})
const start = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  startInTerminal(args, optionsOf(env))
const run = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  start(args, env).ended

const person = ["--first-name", "Ana"]

describe.concurrent("without a terminal", () => {
  it("nothing is asked, and the way to answer is named", async () => {
    const { code, stdout, stderr } = await aelyst(["auth", "login"], { env: { HOME: home.path } })
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(stderr, "--token-stdin")
  })
})

describe.concurrent("in a terminal", () => {
  it("a success is a coloured line for people", async () => {
    const { code, stdout } = await run(["create", "id:tty", ...person])
    assert.strictEqual(code, 0, stdout)
    assert.include(stdout, "\u001b[32m✔ Contact added\u001b[0m  id:tty  ")
    assert.match(stdout, /\(200, \d+ ms, \d+ of 100 requests left\)/)
  })

  it("NO_COLOR takes the colours away, --ascii the symbols", async () => {
    const { stdout } = await run(["create", "id:ascii", ...person, "--ascii"], {
      NO_COLOR: "1",
    })
    assert.include(stdout, "OK Contact added  id:ascii  (200")
    assert.notInclude(stdout, "\u001b")
  })

  it("a wait for the rate limit is one line that counts down and goes away", async () => {
    const id = "email:429-2s-x1@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person])
    assert.strictEqual(code, 0, stdout)
    const drawn = stdout.split("\r\u001b[2K")
    assert.match(
      drawn[1] ?? "",
      /^⏸ rate limited \(limit \d+\) — retry 1 of 3 in 2 s {3}Ctrl-C to stop$/,
    )
    assert.isAtLeast(drawn.length, 4, "drawn again while it counts down")
    assert.match(drawn.at(-1) ?? "", /✔ Contact added.*2 attempts/)
    assert.notInclude(stdout.slice(0, stdout.indexOf("✔")), "\n")
  })

  it("an answer that takes long is told on a line that goes away", async () => {
    const id = "email:slow-1600ms@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person])
    assert.strictEqual(code, 0, stdout)
    const drawn = stdout.split("\r\u001b[2K")
    assert.match(drawn[1] ?? "", /^… 127\.0\.0\.1:\d+ has not answered for \d s {3}Ctrl-C to stop$/)
    assert.match(drawn.at(-1) ?? "", /✔ Contact added/)
  })

  it("rows are columns, without tabs", async () => {
    const { stdout } = await run(["config", "list", "--show-origin"])
    assert.notInclude(stdout, "\t")
    const at = stdout.split("\r\n").map((line) => line.search(/ (?:default|AELYST_BASE_URL)$/))
    assert.strictEqual(new Set(at.slice(0, 8)).size, 1, stdout)
  })

  it("in CI it is a plain line", async () => {
    const id = "email:429-1s-x1@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person], { CI: "1" })
    assert.strictEqual(code, 0, stdout)
    assert.match(stdout, /^⏸ rate limited \(limit \d+\) — retry 1 of 3 in [\d.]+ m?s\r?\n/)
    assert.notInclude(stdout, "\u001b[2K")
  })

  it("every failure has the exit code of the table, and --json no colours", async () => {
    for (const [id, exit] of [
      ["email:400@sandbox.test", 5],
      ["email:500@sandbox.test", 7],
      ["email:nobody@", 3],
    ] as const) {
      const failed = await run(["create", id, ...person])
      assert.strictEqual(failed.code, exit, failed.stdout)
      assert.include(failed.stdout, "\u001b[31merror:\u001b[0m")
      const json = await run(["create", id, ...person, "--json"])
      assert.strictEqual(json.code, exit)
      assert.propertyVal(JSON.parse(json.stdout), "exitCode", exit)
    }
  })

  it("Ctrl-C stops a wait with 130 and takes the line away", async () => {
    const running = start(["create", "email:429-30s@sandbox.test", ...person])
    await running.until(({ stdout }) => stdout.includes("Ctrl-C to stop"))
    running.child.stdin.write("\u0003")
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 130, stdout)
    assert.match(stdout.slice(stdout.lastIndexOf("\u001b[2K")), /error:.* stopped {2}\[SIGINT\]/)
  })

  it("a token is asked for without showing it", async () => {
    const login = start(["auth", "login", "--profile", "asked"], { AELYST_TOKEN: "" })
    await login.until(({ stdout }) => stdout.includes("Token for 127.0.0.1"))
    login.child.stdin.write("canary_typed\r")
    const { code, stdout } = await login.ended
    assert.strictEqual(code, 0, stdout)
    assert.include(stdout, "profile asked")
    assert.notInclude(stdout, "canary")
    const status = await run(["auth", "status", "--profile", "asked"], {
      AELYST_TOKEN: "",
    })
    assert.include(status.stdout, "from the saved token of profile asked")
  })

  it("Ctrl-C at the question ends with 130, Ctrl-D with 2, and nothing is asked with --no-input", async () => {
    for (const [key, exit] of [
      ["\u0003", 130],
      ["\u0004", 2],
    ] as const) {
      const login = start(["auth", "login"])
      await login.until(({ stdout }) => stdout.includes("Token for 127.0.0.1"))
      login.child.stdin.write(key)
      assert.strictEqual((await login.ended).code, exit)
    }
    const silent = await run(["auth", "login", "--no-input"])
    assert.strictEqual(silent.code, 2)
    assert.include(silent.stdout, "--token-stdin")
  })
})
