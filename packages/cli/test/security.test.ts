import { execFileSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home, Running, aelyst, bin, onPosix, start, suiteOnPosix } from "./process.ts"

const canary = "canary_token_Zx81qQ"
const person = ["--first-name", "Ana"]
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start({ extraTokens: { [canary]: {} } })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const mode = (path: string) => statSync(path).mode & 0o777

describe.concurrent("the token", () => {
  onPosix("shows in no argument of a running command", async () => {
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

  it("is taken from a file, standard input and the saved credentials, in this order before the rest", async () => {
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

  onPosix("is refused from a file that others may read", async () => {
    using home = new Home()
    const file = join(home.path, "token")
    writeFileSync(file, canary)
    chmodSync(file, 0o644)
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

  it("goes to no other host than the one it was saved for", async () => {
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

  it("is not quoted where it cannot be one", async () => {
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

  it("is refused in a profile in the open, but for a loopback host", async () => {
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

  it("and the base URL are refused in a project's file", async () => {
    for (const key of ["token", "baseUrl"]) {
      using project = new Home()
      writeFileSync(join(project.path, "aelyst.config.json"), JSON.stringify({ [key]: canary }))
      const { code, stderr } = await aelyst(["create", "id:project", ...person, "--dry-run"], {
        cwd: project.path,
      })
      assert.strictEqual(code, 2)
      assert.include(stderr, "must not be in a project file")
      assert.notInclude(stderr, canary)
    }
  })
})

describe.concurrent("the base URL", () => {
  it("is refused in the clear beyond this machine, and its password is not quoted", async () => {
    for (const url of ["http://api.example.com/v1", "https://user:canarypass@example.com/v1"]) {
      const { code, stdout, stderr } = await aelyst(["create", "id:url", ...person], {
        env: { AELYST_TOKEN: canary, AELYST_BASE_URL: url },
      })
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.include(stderr, "AELYST_BASE_URL")
      assert.notMatch(stderr, /canary/)
    }
  })

  it("is the only address that is connected to or looked up", async () => {
    using home = new Home()
    const log = join(home.path, "connections")
    const hook = join(home.path, "hook.mjs")
    writeFileSync(
      hook,
      `import dns from "node:dns"
import { appendFileSync } from "node:fs"
import net from "node:net"
import { syncBuiltinESMExports } from "node:module"
const note = (what) => appendFileSync(${JSON.stringify(log)}, what + "\\n")
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  note(options.path ?? options.host + ":" + options.port)
  return connect.apply(this, args)
}
for (const name of ["lookup", "resolve"]) {
  const original = dns[name]
  dns[name] = (...args) => (note("dns " + args[0]), original(...args))
}
syncBuiltinESMExports()
`,
    )
    const env = {
      HOME: home.path,
      AELYST_TOKEN: canary,
      AELYST_BASE_URL: sandbox.baseUrl,
      NODE_OPTIONS: `--import=file://${hook}`,
    }
    const { host } = new URL(sandbox.baseUrl)
    const seen = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [])
    for (const args of [["--help"], ["config", "list"], ["errors"], ["auth", "status"]]) {
      assert.strictEqual((await aelyst(args, { env })).code, 0)
    }
    assert.deepStrictEqual(seen(), [])
    const created = await aelyst(["create", "id:network", ...person], { env })
    assert.strictEqual(created.code, 0, created.stderr)
    assert.deepStrictEqual(seen(), [host])
    assert.strictEqual((await aelyst(["doctor"], { env })).code, 0)
    assert.deepStrictEqual(new Set(seen()), new Set([host]))
  })
})

describe.concurrent("certificates that are not checked", () => {
  it("are warned of loudly, whatever is silenced", async () => {
    const env = {
      AELYST_TOKEN: canary,
      AELYST_BASE_URL: sandbox.baseUrl,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    }
    const { code, stderr } = await aelyst(["create", "id:tls", ...person, "--quiet"], { env })
    assert.strictEqual(code, 0)
    assert.include(stderr, "warning: NODE_TLS_REJECT_UNAUTHORIZED=0")
    const doctor = await aelyst(["doctor"], { env })
    assert.strictEqual(doctor.code, 2)
    assert.include(doctor.stdout, "no\tcertificates")
  })
})

describe.concurrent("escape sequences from the server", () => {
  it("are shown and not sent to the terminal", async () => {
    const evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u001b]8;;http://evil\u001b\\click\u009b31m"
    const id = "id:escapes"
    sandbox.fail({ match: { identifier: id }, status: 400, body: { code: 400, message: evil } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl, FORCE_COLOR: "0" }
    for (const flags of [[], ["--json"]]) {
      const { code, stdout, stderr } = await aelyst(["create", id, ...person, ...flags], { env })
      assert.strictEqual(code, 5)
      assert.notMatch(stdout + stderr, /\p{Cc}(?<!\n)/u)
      assert.include(stderr, "[2J")
    }
  })

  it("nor from a success", async () => {
    const id = "id:escapes-200"
    const message = "\u001b[2Jok\u009b"
    sandbox.fail({ match: { identifier: id }, status: 200, body: { code: "200", message } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl }
    const { stdout } = await aelyst(["create", id, ...person, "--json"], { env })
    assert.notMatch(stdout, /\p{Cc}(?<!\n)/u)
    assert.propertyVal(JSON.parse(stdout), "message", message)
  })
})

describe.concurrent("what the server echoes", () => {
  it("is shown without the contact's values and the token", async () => {
    const id = "email:canary.person@example.com"
    const message = `canary.person@example.com and Zebedee are known, by ${canary}`
    sandbox.fail({ match: { identifier: id }, status: 400, body: { code: 400, message } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl }
    for (const flags of [[], ["--json"], ["-v"]]) {
      const { code, stdout, stderr } = await inside(
        ["create", id, "--first-name", "Zebedee", ...flags],
        { env },
      )
      assert.strictEqual(code, 5)
      assert.include(stderr, "are known")
      assert.notMatch(stdout + stderr, /canary|Zebedee/)
    }
  })
})

suiteOnPosix("a file that is written", () => {
  it("takes the place of no link and no directory", async () => {
    using home = new Home()
    const directory = join(home.path, ".config", "aelyst")
    const target = join(home.path, "precious")
    mkdirSync(directory, { recursive: true })
    writeFileSync(target, "untouched")
    symlinkSync(target, join(directory, "credentials.json"))
    mkdirSync(join(directory, "config.json"))
    const env = { HOME: home.path, AELYST_BASE_URL: sandbox.baseUrl }
    for (const args of [
      ["auth", "login", "--token-stdin"],
      ["config", "set", "retries", "1"],
    ]) {
      const { code, stdout, stderr } = await aelyst(args, { env, stdin: canary })
      assert.strictEqual(code, 2, stderr)
      assert.strictEqual(stdout, "")
    }
    assert.strictEqual(readFileSync(target, "utf8"), "untouched")
  })
})
