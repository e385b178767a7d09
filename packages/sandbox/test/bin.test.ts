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

  const onPosix = process.platform === "win32" ? () => undefined : it
  for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
    onPosix(
      `R23 passes a real ${signal} on to the command of exec, and leaves no orphan`,
      async () => {
        const script = `process.on("${signal}", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1e6)`
        const bin = join(import.meta.dirname, "../src/bin.ts")
        const child = spawn(process.execPath, [bin, "exec", "--", process.execPath, "-e", script])
        // the command writes to the stdout of exec, and ends only after the signal
        await once(child.stdout, "data")
        child.kill(signal)
        const [code] = await once(child, "exit")
        assert.strictEqual(code, 7)
      },
    )
  }
})
