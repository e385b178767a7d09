import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Readable } from "node:stream"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as Token from "../src/Token.ts"
import { inside } from "./inside.ts"
import { Home, Running, aelyst, bin, onPosix, start } from "./process.ts"

const canary = "canary_token_Zx81qQ"
const person = ["--first-name", "Ana"]
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start({ extraTokens: { [canary]: {} } })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

/** Changes the owner of a file if the tests run as root: a file of root is read as it is. */
const notOfRoot = (path: string): void => {
  if (process.getuid?.() === 0) chownSync(path, 1000, 1000)
}

const mode = (path: string) => statSync(path).mode & 0o777

describe.concurrent("the token", () => {
  onPosix("is in no argument of a running command", async () => {
    const there = new Promise<void>((resolve) => {
      const stop = sandbox.subscribe((event) => {
        if (event.type !== "request" || event.request.identifier !== "email:stall@sandbox.test")
          return
        stop()
        resolve()
      })
    })
    const running = start(["create", "email:stall@sandbox.test", ...person], {
      env: { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl },
    })
    await there
    const { pid } = running.child
    const listed = existsSync("/proc/self/cmdline")
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
      : execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" })
    running.child.kill("SIGINT")
    const { stdout, stderr } = await running.ended
    assert.include(listed, "create")
    assert.notInclude(listed + stdout + stderr, canary)
  })

  onPosix("R21 of the sandbox travels over http to any host, and no other does", async () => {
    using home = new Home()
    await using exposed = await Sandbox.start({ host: "0.0.0.0", extraTokens: { [canary]: {} } })
    // reaches this machine, and is no loopback host by its name
    const url = exposed.baseUrl.replace("127.0.0.1", "0.0.0.0")
    const env = { HOME: home.path, AELYST_BASE_URL: url }
    const ways = [
      { args: [], env: { AELYST_TOKEN: sandbox.tokens.ok } },
      { args: ["--token-stdin"], stdin: sandbox.tokens.ok },
    ]
    for (const [index, { args, ...way }] of ways.entries()) {
      const options = { ...way, env: { ...env, ...way.env } }
      const created = await aelyst(["create", `id:http-${index}`, ...person, ...args], options)
      assert.deepStrictEqual([created.code, created.stderr], [0, ""])
    }
    const login = ["auth", "login", "--token-stdin", "--profile", "http"]
    assert.strictEqual((await aelyst(login, { env, stdin: sandbox.tokens.ok })).code, 0)
    const saved = await aelyst(["create", "id:http-saved", ...person, "--profile", "http"], { env })
    assert.deepStrictEqual([saved.code, saved.stderr], [0, ""])

    const before = exposed.requests().length
    const others = [
      ["create", "id:http-account", ...person, "--token-stdin"],
      ["create", "id:http-account", ...person, "--token-stdin", "--profile", "http"],
      login,
    ]
    for (const args of others) {
      const refused = await aelyst(args, { env, stdin: canary })
      assert.deepStrictEqual([refused.code, refused.stdout], [2, ""])
      assert.include(refused.stderr, "(http:// only for loopback hosts and sandbox tokens)")
      assert.notInclude(refused.stderr, canary)
    }
    assert.strictEqual(exposed.requests().length, before)
  })

  it("is read from a file, standard input, the environment or the saved credentials, in this order", async () => {
    using home = new Home()
    const env = { HOME: home.path, AELYST_BASE_URL: sandbox.baseUrl }
    const file = join(home.path, "token")
    writeFileSync(file, `${canary}\n`, { mode: 0o600 })
    const wrong = { ...env, AELYST_TOKEN: "sandbox_401" }
    const byFile = ["create", "id:by-file", ...person, "--token-file", file]
    assert.strictEqual((await aelyst(byFile, { env: wrong })).code, 0)
    const byStdin = ["create", "id:by-stdin", ...person, "--token-stdin"]
    assert.strictEqual((await aelyst(byStdin, { env: wrong, stdin: canary })).code, 0)
    const saved = await aelyst(["auth", "login", "--token-stdin"], { env, stdin: canary })
    assert.strictEqual(saved.code, 0, saved.stderr)
    assert.strictEqual((await aelyst(["create", "id:saved", ...person], { env })).code, 0)
    assert.strictEqual((await aelyst(["create", "id:env", ...person], { env: wrong })).code, 4)
    assert.strictEqual((await aelyst(["auth", "logout"], { env })).code, 0)
    assert.strictEqual((await aelyst(["create", "id:none", ...person], { env })).code, 4)
  })

  onPosix("is not read from a file that others can read", async () => {
    using home = new Home()
    const file = join(home.path, "token")
    writeFileSync(file, canary)
    chmodSync(file, 0o644)
    notOfRoot(file)
    const { code, stdout, stderr } = await aelyst(
      ["create", "id:open", ...person, "--token-file", file],
      { env: { AELYST_BASE_URL: sandbox.baseUrl } },
    )
    assert.strictEqual(code, 2)
    assert.include(stderr, "chmod 600")
    assert.notInclude(stdout + stderr, canary)
  })

  onPosix(
    "is saved with mode 0600 in a 0700 directory under umask 000, and refused once it is wider",
    async () => {
      using home = new Home()
      const env = { HOME: home.path, AELYST_BASE_URL: sandbox.baseUrl }
      const login = new Running(
        "sh",
        [
          "-c",
          'umask 000; exec "$0" "$@"',
          process.execPath,
          bin,
          "auth",
          "login",
          "--token-stdin",
        ],
        { env, stdin: canary },
      )
      const { code, stdout, stderr } = await login.ended
      assert.strictEqual(code, 0, stderr)
      assert.notInclude(stdout + stderr, canary)
      const directory = join(home.path, ".config", "aelyst")
      const file = join(directory, "credentials.json")
      assert.strictEqual(mode(file), 0o600)
      assert.strictEqual(mode(directory), 0o700)
      chmodSync(file, 0o640)
      const refused = await aelyst(["create", "id:wide", ...person], { env })
      assert.strictEqual(refused.code, 2)
      assert.include(refused.stderr, "can be read by others (mode 640)")
      assert.notInclude(refused.stderr, canary)
    },
  )

  it("is sent only to the host that it was saved for", async () => {
    using home = new Home()
    const env = { HOME: home.path }
    const stdin = canary
    await aelyst(["auth", "login", "--token-stdin"], { env, stdin })
    const { code, stderr } = await aelyst(
      ["create", "id:elsewhere", ...person, "--base-url", sandbox.baseUrl],
      { env },
    )
    assert.strictEqual(code, 4)
    assert.include(stderr, "[TOKEN_HOST]")
    assert.notInclude(stderr, canary)
    assert.lengthOf(
      sandbox.requests().filter(({ identifier }) => identifier === "id:elsewhere"),
      0,
    )
  })

  it("is not quoted if it is invalid", async () => {
    const hostile = [
      "canary12\r\nX-Evil: 1",
      "canary12\u0000zzzz",
      "канарейка-токен",
      "canary12\ncanary34",
      "canary 12345678",
      "canary",
      "canary12".repeat(600),
    ]
    const env = { AELYST_BASE_URL: sandbox.baseUrl }
    for (const stdin of hostile) {
      const ended = await inside(["create", "id:hostile", ...person, "--token-stdin", "-v"], {
        env,
        stdin,
      })
      assert.strictEqual(ended.code, 4, JSON.stringify(stdin))
      assert.include(ended.stderr, "[TOKEN_INVALID]")
      assert.notMatch(ended.stdout + ended.stderr, /canary|канарейка|X-Evil/)
    }
  })

  it("R7 R8 is refused with the reason in words, and nothing is sent", async () => {
    const env = { AELYST_BASE_URL: sandbox.baseUrl }
    const cases = [
      ['"canary_token_Zx81qQ"', "begins and ends with a quotation mark"],
      ["'canary_token_Zx81qQ'\n", "begins and ends with a quotation mark"],
      ['"canary_token_Zx81qQ', "has a quotation mark at one end"],
      ["Bearer canary_token_Zx81qQ", "begins with Bearer"],
      ["Authorization: bearer canary_token_Zx81qQ", "begins with Bearer"],
      ["canary_token_Zx81qQ\r", "ends with a carriage return"],
      ["canary_token_Zx81qQ\ncanary_token_Zx81qQ", "has more than one line"],
      [" canary_token_Zx81qQ", "begins or ends with a space"],
      ["canary token Zx81qQ", "contains a space"],
      ["canary_tökén_Zx81qQ", "has characters that no token has"],
      ["canary", "has 6 characters, and a token at least 8"],
      ["c".repeat(4_097), "has 4,097 characters, and a token at most 4,096"],
      ["\n", "is empty"],
      [Buffer.from("\uFEFFcanary_token_Zx81qQ", "utf16le"), "is UTF-16 text"],
      [Buffer.from("canary_token_Zx81qQ", "utf16le"), "is UTF-16 text"],
    ] as const
    const before = sandbox.requests().length
    for (const [stdin, words] of cases) {
      const args = ["create", "id:words", ...person, "--token-stdin"]
      const { code, stderr } = await inside(args, { env, stdin })
      assert.strictEqual(code, 4)
      assert.isTrue(
        stderr.startsWith(`error: the token from standard input ${words}  [TOKEN_INVALID]\n`),
        stderr,
      )
      assert.match(stderr, /^ {2}fix: {3}\S.*\n {2}nothing was sent\n$/m)
      assert.notMatch(stderr, /canary|Zx81qQ/)
    }
    assert.strictEqual(sandbox.requests().length, before)
  })

  it("R7 is read behind the byte order mark of UTF-8, from a file, a pipe and the environment", async () => {
    using home = new Home()
    const marked = `\uFEFF${canary}`
    const env = { AELYST_BASE_URL: sandbox.baseUrl }
    const file = join(home.path, "token")
    writeFileSync(file, `${marked}\r\n`, { mode: 0o600 })
    const ended = [
      await inside(["create", "id:bom-file", ...person, "--token-file", file], { env }),
      await inside(["create", "id:bom-pipe", ...person, "--token-stdin"], { env, stdin: marked }),
      await inside(["create", "id:bom-env", ...person], { env: { ...env, AELYST_TOKEN: marked } }),
    ]
    for (const { code, stderr } of ended) assert.strictEqual(code, 0, stderr)
  })

  it("is refused in config.json, except for a loopback host", async () => {
    using home = new Home()
    const config = join(home.path, "config.json")
    const profiles = {
      local: { baseUrl: sandbox.baseUrl, token: canary },
      far: { baseUrl: "https://api.example.com/v1", token: canary },
    }
    writeFileSync(config, JSON.stringify({ profiles }))
    const env = { AELYST_CONFIG: config }
    const near = await aelyst(["create", "id:inline", ...person, "--profile", "local"], { env })
    assert.strictEqual(near.code, 0, near.stderr)
    const far = await aelyst(["create", "id:inline-far", ...person, "--profile", "far"], { env })
    assert.strictEqual(far.code, 2)
    assert.notInclude(far.stderr, canary)
  })
})

describe("readAll", () => {
  it("joins chunks, also within a character", async () => {
    const bytes = Buffer.from("añb")
    const stdin = Readable.from([bytes.subarray(0, 2), bytes.subarray(2)])
    assert.strictEqual((await Effect.runPromise(Token.readAll(stdin, 4))).text, "añb")
  })

  it("fails if there is more than the limit, and says the limit", async () => {
    const stdin = Readable.from([Buffer.alloc(3), Buffer.alloc(3)])
    const { exit, message } = await Effect.runPromise(Effect.flip(Token.readAll(stdin, 5)))
    assert.deepStrictEqual([exit, message], ["usage", "standard input must be at most 5 bytes"])
  })

  it("fails if standard input cannot be read", async () => {
    const stdin = new Readable({ read: (): void => void stdin.destroy(new Error("canary12")) })
    const { message } = await Effect.runPromise(Effect.flip(Token.readAll(stdin, 5)))
    assert.strictEqual(message, "cannot read standard input")
  })
})
