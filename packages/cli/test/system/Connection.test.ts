import { readFileSync } from "node:fs"
import { join } from "node:path"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Home, Running, bin } from "../process.ts"

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start()
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

/** Runs a command under strace; returns its exit code and the peers that it connected or sent to. */
const traced = async (args: ReadonlyArray<string>) => {
  using home = new Home()
  const log = join(home.path, "calls")
  const calls = ["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", log]
  const { code, stderr } = await new Running("strace", [...calls, process.execPath, bin, ...args], {
    env: { HOME: home.path, AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: sandbox.baseUrl },
  }).ended
  const peers = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes("sa_family="))
    .map((line) => {
      const [, family = ""] = /sa_family=(\w+)/.exec(line) ?? []
      const [, port = ""] = /(?:sin6?_port=htons\((\d+)\)|sun_path=[^}]*)/.exec(line) ?? []
      const [, host = ""] = /inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"/.exec(line) ?? []
      return family === "AF_INET" ? `${host}:${port}` : `${family} ${host}:${port}`
    })
  return { code, stderr, peers }
}

describe.concurrent("the system calls of a command", () => {
  it("connect only to the host of the base URL, once for a create", async () => {
    const { host } = new URL(sandbox.baseUrl)
    const { code, stderr, peers } = await traced(["create", "id:traced", "--first-name", "Ana"])
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(peers, [host])
    const doctor = await traced(["doctor"])
    assert.strictEqual(doctor.code, 0, doctor.stderr)
    assert.deepStrictEqual([...new Set(doctor.peers)], [host])
  })

  for (const args of [["--version"], ["--help"], ["config", "list"], ["auth", "status"]]) {
    it(`connect to no host for ${args.join(" ")}`, async () => {
      const { code, stderr, peers } = await traced(args)
      assert.deepStrictEqual([code, peers], [0, []], stderr)
    })
  }
})
