import { createServer } from "node:net"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import type { Ended, Options } from "./process.ts"
import { Home, aelyst } from "./process.ts"

const token = "sandbox_ok"
const person = ["--first-name", "Zebedee", "--last-name", "Quillfeather"]

let sandbox: Sandbox
let down: string
const home = new Home()

beforeAll(async () => {
  sandbox = await Sandbox.start({ limit: 1_000 })
  down = await new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" ? address?.port : undefined
      server.close(() => resolve(`http://127.0.0.1:${port}/v1`))
    })
  })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

const modes = [
  ["pipe", {}],
  ["CI", { CI: "true", GITHUB_ACTIONS: "true" }],
] as const

const envOf = (mode: Readonly<Record<string, string>>, more: Readonly<Record<string, string>>) => ({
  env: { HOME: home.path, AELYST_TOKEN: token, ...mode, ...more },
})

/** Checks what holds for every end of every command. */
const isClean = (ended: Ended, shown: ReadonlyArray<string> = []): void => {
  for (const stream of [ended.stdout, ended.stderr]) {
    assert.notInclude(stream, "\u001b")
    assert.notInclude(stream, "\u009b")
    for (const secret of [token, "Zebedee", "Quillfeather", "secret-canary"]) {
      if (!shown.includes(secret)) assert.notInclude(stream, secret)
    }
  }
  assert.notMatch(ended.stderr, /^ +at /m, "a stack")
}

const parsesAsRows = (stdout: string): void => {
  for (const line of stdout.slice(0, -1).split("\n")) assert.include(line, "\t", line)
}

describe.concurrent("create", () => {
  const cases = [
    { name: "ok", code: 0 },
    { name: "400", id: "email:400@sandbox.test", code: 5, error: "API_REJECTED" },
    { name: "401", token: "sandbox_401", code: 4, error: "UNAUTHORIZED" },
    { name: "429", id: "email:429@sandbox.test", code: 6, error: "RATE_LIMITED" },
    { name: "500", id: "email:500@sandbox.test", code: 7, error: "SERVER_ERROR" },
    { name: "lost reply", id: "email:drop@sandbox.test", code: 8, error: "OUTCOME_UNKNOWN" },
    { name: "a portal", id: "email:portal@sandbox.test", code: 7, error: "UNEXPECTED_RESPONSE" },
    { name: "server down", down: true, code: 8, error: "NETWORK" },
    { name: "bad flag", flags: ["--frist-name=secret-canary"], code: 2, error: "USAGE" },
    { name: "bad value", flags: ["--retries=secret-canary"], code: 2, error: "USAGE" },
    { name: "bad contact", flags: ["--country-code=secret-canary"], code: 3 },
  ] as const

  for (const [mode, variables] of modes) {
    for (const one of cases) {
      const id = "id" in one ? one.id : `id:ok-${mode}`
      const options = (): Options =>
        envOf(variables, {
          AELYST_BASE_URL: "down" in one ? down : sandbox.baseUrl,
          ...("token" in one && { AELYST_TOKEN: one.token }),
        })
      const args = ["create", id, ...person, "--retries", "0", ...("flags" in one ? one.flags : [])]

      it(`ends with ${one.code} in a ${mode}: ${one.name}`, async () => {
        const ended = await aelyst(args, options())
        assert.strictEqual(ended.code, one.code, ended.stderr)
        isClean(ended)
        if (one.code === 0) assert.strictEqual(ended.stdout, `created\t${id}\n`)
        else assert.strictEqual(ended.stdout, "")
        if ("error" in one) assert.include(ended.stderr.split("\n")[0] ?? "", `[${one.error}]`)
      })

      // what is printed as JSON does not depend on the mode
      if (mode === "CI") continue
      it(`ends with ${one.code} as JSON: ${one.name}`, async () => {
        const jsonId = "id" in one ? id : `${id}-json`
        const ended = await aelyst(["create", jsonId, ...args.slice(2), "--json"], options())
        assert.strictEqual(ended.code, one.code, ended.stderr)
        isClean(ended)
        const [data, silent] =
          one.code === 0 ? [ended.stdout, ended.stderr] : [ended.stderr, ended.stdout]
        assert.strictEqual(silent, "")
        assert.strictEqual(data.trimEnd().split("\n").length, 1)
        const json: unknown = JSON.parse(data)
        if (one.code === 0) {
          assert.deepInclude(json, {
            schemaVersion: 1,
            ok: true,
            result: "created",
            identifier: jsonId,
            status: 200,
            message: "Contact added successfully!",
            attempts: 1,
          })
        } else {
          assert.deepInclude(json, { schemaVersion: 1, ok: false, exitCode: one.code })
          if ("error" in one) assert.nestedPropertyVal(json, "error.code", one.error)
          assert.nestedProperty(json, "error.message")
          assert.nestedProperty(json, "error.hint")
          assert.nestedProperty(json, "error.outcome")
        }
      })
    }
  }
})

describe.concurrent("every other command", () => {
  const commands: ReadonlyArray<{
    readonly args: ReadonlyArray<string>
    readonly code?: number
    readonly rows?: boolean
  }> = [
    { args: ["auth", "status"], rows: true },
    { args: ["auth", "logout"] },
    { args: ["config", "list"], rows: true },
    { args: ["config", "get", "retries"] },
    { args: ["config", "path"], rows: true },
    { args: ["config", "unset", "timeout"] },
    { args: ["doctor"], code: 8, rows: true },
    { args: ["errors"], rows: true },
    { args: ["errors", "EMAIL_INVALID"] },
  ]
  for (const [mode, variables] of modes) {
    for (const { args, code = 0, rows = false } of commands) {
      const options = () => envOf(variables, { AELYST_BASE_URL: down, XDG_CONFIG_HOME: home.path })

      it(`needs no server in a ${mode}: ${args.join(" ")}`, async () => {
        const ended = await aelyst(args, options())
        assert.strictEqual(ended.code, code, ended.stderr)
        isClean(ended)
        if (rows) parsesAsRows(ended.stdout)
        if (mode === "CI") return
        const json = await aelyst([...args, "--json"], options())
        assert.strictEqual(json.code, code, json.stderr)
        isClean(json)
        assert.propertyVal(JSON.parse(json.stdout), "schemaVersion", 1)
      })

      it(`refuses a wrong flag in a ${mode}: ${args.join(" ")}`, async () => {
        const ended = await aelyst([...args, "--wrong=secret-canary"], options())
        assert.strictEqual(ended.code, 2)
        assert.strictEqual(ended.stdout, "")
        assert.match(ended.stderr, /^error: unknown flag --wrong.*\n {2}usage: .*\n {2}help: .*\n$/)
        isClean(ended)
      })
    }
  }
})
