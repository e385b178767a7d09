import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { lock } from "../src/api/FileLock.ts"
import { Sandbox } from "../src/Sandbox.ts"
import { create } from "./client.ts"

const folder = (): Disposable & { readonly file: string } => {
  const path = mkdtempSync(join(tmpdir(), "aelyst-lock-"))
  return {
    file: join(path, "contacts.jsonl"),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Starts the command on a data file and waits for its banner. */
const serve = async (data: string) => {
  const bin = join(import.meta.dirname, "../src/bin.ts")
  const child = spawn(process.execPath, [bin, "--port", "0", "--data", data])
  let text = ""
  await new Promise<void>((resolve) => {
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes("AELYST_BASE_URL=")) resolve()
    })
    child.once("exit", () => resolve())
  })
  return { child, text: () => text, baseUrl: /AELYST_BASE_URL=(\S+)/.exec(text)?.[1] ?? "" }
}

describe("lock", () => {
  it("refuses a second lock until the first is released", () => {
    using own = folder()
    const release = lock(own.file)
    assert.throws(() => lock(own.file), /another sandbox uses this file/)
    release()
    lock(own.file)()
  })

  it("says that the directory cannot be written", () => {
    assert.throws(() => lock("/nowhere/contacts.jsonl"), /cannot be locked/)
  })
})

describe("two sandboxes on one data file", () => {
  it("U6 the second refuses in words and leaves the file as it is, in the same process too", async () => {
    using own = folder()
    const first = await serve(own.file)
    await create({ baseUrl: first.baseUrl }, "id:1")
    const before = readFileSync(own.file, "utf8")
    const second = await serve(own.file)
    const [code] =
      second.child.exitCode === null ? await once(second.child, "exit") : [second.child.exitCode]
    assert.strictEqual(code, 2)
    assert.match(second.text(), /^error: --data: another sandbox uses this file\. Stop it/)
    let message = ""
    await Sandbox.start({ data: own.file }).catch((error: Error) => (message = error.message))
    assert.include(message, "another sandbox uses this file")
    assert.strictEqual(readFileSync(own.file, "utf8"), before)
    // the lock vanishes with the process, however it ends
    first.child.kill("SIGKILL")
    await once(first.child, "exit")
    await using third = await Sandbox.start({ data: own.file })
    assert.lengthOf(third.contacts(), 1)
  })
})
