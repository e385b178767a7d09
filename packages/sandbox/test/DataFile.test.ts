import { spawn } from "node:child_process"
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"
import type { SandboxOptions } from "../src/index.ts"
import { create } from "./client.ts"

/** A folder that is gone after the test. */
class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "aelyst-data-"))
  readonly file = join(this.path, "contacts.jsonl");
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Registers a test only on systems with file modes, links and signals. */
const onPosix: (name: string, body: () => void | Promise<void>) => void =
  process.platform === "win32" ? () => undefined : it

const header = '{"aelyst-sandbox":1}\n'
const errorOf = (options: SandboxOptions): unknown => {
  try {
    Sandbox.inProcess(options)
    return undefined
  } catch (error) {
    return error
  }
}

describe("a data file", () => {
  it("passes the contacts on to the next sandbox: created, merged, duplicated, without those removed", async () => {
    using folder = new Folder()
    const options = { data: folder.file, existing: "merge", limit: 100 } as const
    const sandbox = await Sandbox.start(options)
    await create(sandbox, "email:ana@example.com", { firstName: "Ana", phone: "+60123456789" })
    await create(sandbox, "email:ana@example.com", { firstName: "Anna" })
    await create(sandbox, "id:2")
    sandbox.configure({ existing: "duplicate" })
    await create(sandbox, "id:2")
    await create(sandbox, "id:gone")
    await fetch(`${sandbox.origin}/_sandbox/contacts?query=id:gone`, { method: "DELETE" })
    const before = sandbox.contacts()
    assert.strictEqual(before.length, 3)
    await sandbox.close()
    await using again = await Sandbox.start(options)
    assert.deepStrictEqual(again.contacts(), before)
    assert.deepStrictEqual(again.ledger(), [])
    await create(again, "id:new")
    assert.strictEqual(again.contacts().at(-1)?.id, "4")
    again.configure({ existing: "reject" })
    assert.strictEqual((await create(again, "email:ana@example.com")).status, 400)
  })

  onPosix("can be read only by its owner, even if it could be read by others before", async () => {
    using folder = new Folder()
    await (await Sandbox.start({ data: folder.file })).close()
    assert.strictEqual(statSync(folder.file).mode & 0o777, 0o600)
    chmodSync(folder.file, 0o644)
    await (await Sandbox.start({ data: folder.file })).close()
    assert.strictEqual(statSync(folder.file).mode & 0o777, 0o600)
  })

  it("is emptied by a reset", async () => {
    using folder = new Folder()
    await using sandbox = await Sandbox.start({ data: folder.file })
    await create(sandbox, "id:1")
    assert.include(readFileSync(folder.file, "utf8"), "Ana")
    sandbox.reset()
    assert.strictEqual(readFileSync(folder.file, "utf8"), header)
    await create(sandbox, "id:2")
    assert.strictEqual(readFileSync(folder.file, "utf8").split("\n").length, 3)
  })

  it("is not changed once the sandbox is closed", async () => {
    using folder = new Folder()
    const sandbox = Sandbox.inProcess({ data: folder.file })
    await sandbox.close()
    await sandbox.close()
    sandbox.reset()
    const response = await sandbox.fetch(`${sandbox.baseUrl}/contact/id:1`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
    })
    assert.strictEqual(response.status, 507)
    assert.strictEqual(readFileSync(folder.file, "utf8"), header)
  })

  it("is read up to the last whole line, wherever a crash has cut it", async () => {
    using folder = new Folder()
    const sandbox = await Sandbox.start({ data: folder.file })
    for (const id of ["id:1", "id:2"]) await create(sandbox, id, { firstName: "Zoë" })
    await sandbox.close()
    const whole = readFileSync(folder.file)
    for (let length = 0; length < whole.length; length++) {
      const left = whole.subarray(0, length)
      writeFileSync(folder.file, left)
      const opened = Sandbox.inProcess({ data: folder.file })
      const lines = left.toString("latin1").split("\n").length - 1
      assert.strictEqual(opened.contacts().length, Math.max(0, lines - 1), `cut at ${length}`)
      await opened.fetch(`${opened.baseUrl}/contact/id:9`, {
        method: "POST",
        headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
        body: '{"firstName":"Ana"}',
      })
      await opened.close()
      const next = Sandbox.inProcess({ data: folder.file })
      assert.strictEqual(next.contacts().length, Math.max(0, lines - 1) + 1, `cut at ${length}`)
      await next.close()
    }
  })

  it.each([
    ["another program's file", "name,email\nAna,ana@example.com\n", /the sandbox did not write/],
    ["a file without lines", "hello", /the sandbox did not write/],
    ["a line in the middle that is not JSON", `${header}{"put":\n{"remove":[]}\n`, /line 2 /],
    ["an invalid contact", `${header}{"put":{"id":"1"}}\n`, /line 2 /],
  ])("rejects %s and leaves it unchanged", (_, text, message) => {
    using folder = new Folder()
    writeFileSync(folder.file, text)
    const error = errorOf({ data: folder.file })
    assert.instanceOf(error, TypeError)
    assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    assert.match(error.message, message)
    assert.notInclude(error.message, "Ana")
    assert.strictEqual(readFileSync(folder.file, "utf8"), text)
  })

  onPosix("rejects folders, links and paths that do not exist", () => {
    using folder = new Folder()
    const link = join(folder.path, "link")
    symlinkSync("/etc/hostname", link)
    for (const data of [folder.path, link, join(folder.path, "no", "file")])
      assert.match(
        String(errorOf({ data })),
        /`data` must be a file that can be read and written \([A-Z]+\)/,
      )
  })

  onPosix("responds with 507 and creates nothing if the disk is full", async () => {
    using folder = new Folder()
    const child = spawn(
      "bash",
      // the file may have 1 block of 1,024 bytes
      ["-c", `ulimit -f 1; trap '' XFSZ; exec "${process.execPath}" --input-type=module -`],
      { stdio: ["pipe", "pipe", "inherit"] },
    )
    const index = fileURLToPath(new URL("../src/index.ts", import.meta.url))
    child.stdin.end(`
      const { Sandbox } = await import(${JSON.stringify(index)})
      const sandbox = Sandbox.inProcess({ data: ${JSON.stringify(folder.file)}, limit: 1000 })
      const statuses = []
      for (let n = 0; n < 20; n++) {
        const { status } = await sandbox.fetch(sandbox.baseUrl + "/contact/id:" + n, {
          method: "POST",
          headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
          body: JSON.stringify({ firstName: "A".repeat(100) }),
        })
        statuses.push(status)
      }
      console.log(JSON.stringify({ statuses, contacts: sandbox.contacts().length }))
    `)
    let text = ""
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()))
    await new Promise((resolve) => child.once("close", resolve))
    // safe: the program above prints this
    const { contacts, statuses } = JSON.parse(text) as {
      readonly contacts: number
      readonly statuses: ReadonlyArray<number>
    }
    assert.isAbove(contacts, 0)
    assert.strictEqual(statuses.filter((status) => status === 200).length, contacts)
    assert.strictEqual(statuses.filter((status) => status === 507).length, 20 - contacts)
    const next = Sandbox.inProcess({ data: folder.file })
    assert.strictEqual(next.contacts().length, contacts)
    await next.close()
  })

  onPosix("keeps every contact that got a response when the process is killed", async () => {
    using folder = new Folder()
    const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
    const child = spawn(
      process.execPath,
      [bin, "--port=0", "--limit=1000", "--quiet", `--data=${folder.file}`],
      { stdio: ["ignore", "ignore", "pipe"] },
    )
    const baseUrl = await new Promise<string>((resolve) => {
      let text = ""
      child.stderr.on("data", (chunk: Buffer) => {
        text += chunk.toString()
        const found = /AELYST_BASE_URL=(\S+)/.exec(text)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    for (let n = 0; n < 30; n++) await create({ baseUrl }, `id:${n}`)
    child.kill("SIGKILL")
    await new Promise((resolve) => child.once("close", resolve))
    const next = Sandbox.inProcess({ data: folder.file })
    assert.strictEqual(next.contacts().length, 30)
    await next.close()
  })
})
