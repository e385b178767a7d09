import { assert, describe, it } from "@effect/vitest"

import { terminal } from "../terminal.ts"

const { run, start } = terminal()

const person = ["--first-name", "Ana"]

describe.concurrent("in a terminal, a create", () => {
  it("shows a wait for the rate limit on one line, and removes it", async () => {
    const id = "email:429-2s-x1@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person])
    assert.strictEqual(code, 0, stdout)
    const drawn = stdout.split("\r\u001b[2K")
    const line = /^⏸ rate limited \(limit \d+\) — retry 1 of 3 in [12] s {3}Ctrl-C to stop$/
    assert.isTrue(
      drawn.some((one) => line.test(one)),
      stdout,
    )
    assert.match(drawn.at(-1) ?? "", /✔ Contact added.*2 attempts/)
    assert.notInclude(stdout.slice(0, stdout.indexOf("✔")), "\n")
  })

  it("says on a line that the host has not responded for a while, and removes it", async () => {
    const id = "email:slow-5s@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person])
    assert.strictEqual(code, 0, stdout)
    const drawn = stdout.split("\r\u001b[2K")
    const line = /^… 127\.0\.0\.1:\d+ has not responded for \d+ s {3}Ctrl-C to stop$/
    assert.match(drawn[1] ?? "", line)
    assert.match(drawn.at(-1) ?? "", /✔ Contact added/)
  })

  it("shows a wait as a plain line in CI", async () => {
    const id = "email:429-1s-x1@sandbox.test"
    const { code, stdout } = await run(["create", id, ...person], { CI: "1" })
    assert.strictEqual(code, 0, stdout)
    assert.match(stdout, /^⏸ rate limited \(limit \d+\) — retry 1 of 3 in [\d.]+ m?s\r?\n/)
    assert.notInclude(stdout, "\u001b[2K")
  })

  it("stops at Ctrl-C with 130, and removes the line", async () => {
    const running = start(["create", "email:429-30s@sandbox.test", ...person])
    await running.until(({ stdout }) => stdout.includes("Ctrl-C to stop"))
    running.child.stdin.write("\u0003")
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 130, stdout)
    assert.match(stdout.slice(stdout.lastIndexOf("\u001b[2K")), /error:.* stopped {2}\[SIGINT\]/)
  })
})
