import { assert, describe, it } from "@effect/vitest"

import { aelyst } from "../process.ts"
import { terminal } from "../terminal.ts"

const { home, run, start } = terminal()

describe.concurrent("aelyst auth login", () => {
  it("does not ask without a terminal, and names the flag to use", async () => {
    const { code, stdout, stderr } = await aelyst(["auth", "login"], { env: { HOME: home.path } })
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.include(stderr, "--token-stdin")
  })

  it("reads a token without showing it", async () => {
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

  it("ends with 130 at Ctrl-C and 2 at Ctrl-D, and does not ask with --no-input", async () => {
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
