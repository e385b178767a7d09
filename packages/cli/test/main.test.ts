import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Home, Running, aelyst, bin, itIf, start, suiteOnPosix } from "./process.ts"

let sandbox: Sandbox
const person = ["--first-name", "Ana"]

beforeAll(async () => {
  sandbox = await Sandbox.start()
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const env = () => ({ AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: sandbox.baseUrl })

/** Waits until the sandbox has a request with this identifier. */
const arrived = (identifier: string): Promise<void> =>
  new Promise((resolve) => {
    const stop = sandbox.subscribe((event) => {
      if (event.type !== "request" || event.request.identifier !== identifier) return
      stop()
      resolve()
    })
  })

suiteOnPosix("on a signal, main", () => {
  it("T6 ends a create that waits for the rate limit with 130, and says that it was not created", async () => {
    const running = start(["create", "email:429-30s@sandbox.test", ...person], { env: env() })
    await running.until(({ stderr }) => stderr.includes("rate limited"))
    running.child.kill("SIGINT")
    const { code, stdout, stderr } = await running.ended
    assert.strictEqual(code, 130)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "error: stopped  [SIGINT]\n  the contact was not created\n")
    assert.notInclude(stderr, "nothing was sent")
  })

  it("ends a create in flight with 130, and says that the contact may exist", async () => {
    const there = arrived("email:stall@sandbox.test")
    const running = start(["create", "email:stall@sandbox.test", ...person], { env: env() })
    await there
    running.child.kill("SIGINT")
    const { code, stdout, stderr } = await running.ended
    assert.strictEqual(code, 130)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "the contact may exist")
  })

  for (const [signal, code] of [
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const) {
    it(`R23 ends a create in flight with ${code} on ${signal}, and says that the contact may exist`, async () => {
      const id = `email:stall-${code}ms@sandbox.test`
      const there = arrived(id)
      const running = start(["create", id, ...person], { env: env() })
      await there
      running.child.kill(signal)
      const ended = await running.ended
      assert.strictEqual(ended.code, code)
      assert.include(
        ended.stderr,
        `error: stopped  [${signal}]\n  outcome unknown: the contact may exist`,
      )
    })
  }

  it("says that the contact was created if the signal comes in the wait after the success", async () => {
    const args = ["create", "id:settling", ...person, "--settle", "5m"]
    const running = start(args, { env: env() })
    await running.until(({ stderr }) => stderr.includes("processing"))
    running.child.kill("SIGINT")
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 130)
    assert.include(stderr, "the contact was created")
  })

  it("reports it as JSON with --json, and ends with 143 after SIGTERM", async () => {
    const id = "email:stall-after@sandbox.test"
    const there = arrived(id)
    const running = start(["create", id, ...person, "--json"], { env: env() })
    await there
    running.child.kill("SIGTERM")
    const { code, stdout, stderr } = await running.ended
    assert.strictEqual(code, 143)
    assert.strictEqual(stdout, "")
    const json: unknown = JSON.parse(stderr)
    assert.deepInclude(json, { ok: false, exitCode: 143 })
    assert.nestedPropertyVal(json, "error.outcome", "unknown")
  })

  it("ends an import that waits for a named pipe", async () => {
    const home = mkdtempSync(join(tmpdir(), "aelyst-pipe-"))
    const pipe = join(home, "pipe")
    execFileSync("mkfifo", [pipe])
    const running = start(["import", pipe, "--yes"], { env: { ...env(), AELYST_STATE_DIR: home } })
    const spool = join(home, "spool")
    while (!existsSync(spool) || readdirSync(spool).length === 0) await setTimeout(20)
    running.child.kill("SIGINT")
    const { code, stderr } = await running.ended
    rmSync(home, { recursive: true })
    assert.strictEqual(code, 130)
    assert.include(stderr, "nothing was sent")
  })

  it("ends with 130 after a second signal too", async () => {
    const id = "email:stall-before@sandbox.test"
    const there = arrived(id)
    const running = start(["create", id, ...person], { env: env() })
    await there
    running.child.kill("SIGINT")
    running.child.kill("SIGINT")
    assert.strictEqual((await running.ended).code, 130)
  })
})

describe.concurrent("if the reader of a pipe leaves, main", () => {
  it("ends with 0 and prints nothing", async () => {
    const running = start(["errors"])
    running.child.stdout.destroy()
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr, "")
  })

  itIf(existsSync("/dev/full"))(
    "U28 ends with 2 if the disk is full, which is no bug",
    async () => {
      const full = new Running("sh", ["-c", '"$0" "$1" errors > /dev/full', process.execPath, bin])
      const { code, stderr } = await full.ended
      assert.strictEqual(code, 2)
      assert.strictEqual(
        stderr,
        "error: cannot write to standard output (ENOSPC)  [FILE]\n" +
          "  fix:   free some space, or write elsewhere\n",
      )
    },
  )

  itIf(existsSync("/dev/full"))(
    "U28 says that the contact was created if only the disk is full",
    async () => {
      const create = ["create", "id:full", ...person].join(" ")
      const full = new Running(
        "sh",
        ["-c", `"$0" "$1" ${create} > /dev/full`, process.execPath, bin],
        { env: env() },
      )
      const { code, stderr } = await full.ended
      assert.strictEqual(code, 2)
      assert.include(stderr, "  the contact was created\n")
    },
  )

  it("keeps the exit code if the pipe was stderr", async () => {
    const running = start(["create", "email:ana@", ...person], { env: env() })
    running.child.stderr.destroy()
    assert.strictEqual((await running.ended).code, 3)
  })
})

/** Runs a command that fails in a callback after its first output. */
const crash = async (args: ReadonlyArray<string>) => {
  using home = new Home()
  const hook = join(home.path, "hook.mjs")
  // the first thing that the command prints fails in a callback, which no code of the program catches
  writeFileSync(
    hook,
    `const { write } = process.stdout
process.stdout.write = function (...args) {
  process.stdout.write = write
  process.nextTick(() => { throw new Error("hook") })
  return true
}
`,
  )
  return await aelyst(args, { env: { NODE_OPTIONS: `--import=file://${hook}` } })
}

describe.concurrent("after a bug, main", () => {
  it("ends with 1 and asks for a report, without a stack", async () => {
    const { code, stderr } = await crash(["config", "list"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /^error: aelyst failed unexpectedly; this is a bug {2}\[BUG\]$/m)
    assert.include(stderr, "https://github.com/aelyst/aelyst/issues")
    assert.notMatch(stderr, /^ +at /m)
  })

  it("shows the stack with -v", async () => {
    const { code, stderr } = await crash(["config", "list", "-v"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /Error: hook\n {2,}at /)
  })
})
