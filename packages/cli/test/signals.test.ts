import { existsSync } from "node:fs"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Running, bin, start, suiteOnPosix, where } from "./process.ts"

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

suiteOnPosix("a signal", () => {
  it("ends a create that waits for the rate limit with 130, and says that nothing was created", async () => {
    const running = start(["create", "email:429-30s@sandbox.test", ...person], { env: env() })
    await running.until(({ stderr }) => stderr.includes("rate limited"))
    running.child.kill("SIGINT")
    const { code, stdout, stderr } = await running.ended
    assert.strictEqual(code, 130)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "stopped")
    assert.notInclude(stderr, "may exist")
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

  it("during the wait after the success says that the contact was created", async () => {
    const args = ["create", "id:settling", ...person, "--settle", "5m"]
    const running = start(args, { env: env() })
    await running.until(({ stderr }) => stderr.includes("processing"))
    running.child.kill("SIGINT")
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 130)
    assert.include(stderr, "the contact was created")
  })

  it("is told as JSON with --json, and SIGTERM ends with 143", async () => {
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

  it("given twice ends with 130 as well", async () => {
    const id = "email:stall-before@sandbox.test"
    const there = arrived(id)
    const running = start(["create", id, ...person], { env: env() })
    await there
    running.child.kill("SIGINT")
    running.child.kill("SIGINT")
    assert.strictEqual((await running.ended).code, 130)
  })

  it("stops the sandbox", async () => {
    const running = start(["sandbox", "--port", "0"])
    await running.until(({ stderr }) => stderr.includes("http://127.0.0.1:"))
    running.child.kill("SIGTERM")
    assert.strictEqual((await running.ended).code, 143)
  })
})

describe.concurrent("a pipe whose reader leaves", () => {
  it("ends the command quietly with 0", async () => {
    const running = start(["errors"])
    running.child.stdout.destroy()
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 0)
    assert.strictEqual(stderr, "")
  })

  where(existsSync("/dev/full"))("is told apart from a disk that is full", async () => {
    const full = new Running("sh", ["-c", '"$0" "$1" errors > /dev/full', process.execPath, bin])
    const { code, stderr } = await full.ended
    assert.strictEqual(code, 1)
    assert.include(stderr, "cannot be written (ENOSPC)")
  })

  it("does not lose the exit code where it was stderr", async () => {
    const running = start(["create", "email:nobody@", ...person], { env: env() })
    running.child.stderr.destroy()
    assert.strictEqual((await running.ended).code, 3)
  })
})
