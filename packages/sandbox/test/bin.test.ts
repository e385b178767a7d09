import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

describe("the process", () => {
  it("stops on a real SIGINT with 130", async () => {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, "../src/bin.ts"),
      "--port",
      "0",
    ])
    let text = ""
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes("Ctrl-C")) resolve()
      })
      child.once("exit", () => resolve())
    })
    child.kill("SIGINT")
    const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode]
    assert.strictEqual(code, 130)
  })
})
