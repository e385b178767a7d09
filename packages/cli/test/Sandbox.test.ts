import { assert, describe, it } from "@effect/vitest"

import { commandMatrix } from "./matrix.ts"
import { start, suiteOnPosix } from "./process.ts"

describe.concurrent("aelyst sandbox", () => {
  commandMatrix("sandbox", ["pipe", "CI", "process"])
})

suiteOnPosix("on a signal, aelyst sandbox", () => {
  it("stops the server and ends with 143", async () => {
    const running = start(["sandbox", "--port", "0"])
    await running.until(({ stderr }) => stderr.includes("http://127.0.0.1:"))
    running.child.kill("SIGTERM")
    assert.strictEqual((await running.ended).code, 143)
  })

  it("does not wait after a second one", async () => {
    const running = start(["sandbox", "--port", "0"])
    await running.until(({ stderr }) => stderr.includes("http://127.0.0.1:"))
    running.child.kill("SIGINT")
    running.child.kill("SIGINT")
    const { code, signal } = await running.ended
    // a signal that comes while the process ends is the end of it, which a shell shows as 130, too
    assert.strictEqual(signal === "SIGINT" ? 130 : code, 130)
  })
})
