import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { runSandbox } from "../src/cli/Command.ts"
import { Sandbox } from "../src/Sandbox.ts"
import { create } from "./client.ts"

/** Runs the command in this process; `stop` is the Ctrl-C. */
const run = (argv: ReadonlyArray<string>, env: Record<string, string> = {}, isTTY = false) => {
  const controller = new AbortController()
  const out = { stdout: "", stderr: "" }
  const waiting = new Set<() => void>()
  const write = (stream: "stdout" | "stderr") => (text: string) => {
    out[stream] += text
    for (const look of waiting) look()
  }
  const exit = runSandbox(argv, {
    stdout: { write: write("stdout") },
    stderr: { write: write("stderr"), isTTY },
    env: { PATH: process.env["PATH"], ...env },
    signal: controller.signal,
  })
  return {
    out,
    exit,
    stop: (signal = "SIGINT") => controller.abort(signal),
    /** Resolves with the first match on stderr. */
    shows: (pattern: RegExp) =>
      new Promise<string>((resolve) => {
        const look = () => {
          const found = pattern.exec(out.stderr)
          if (found === null) return
          waiting.delete(look)
          resolve(found[1] ?? found[0])
        }
        waiting.add(look)
        look()
      }),
  }
}

const baseUrlLine = /AELYST_BASE_URL=(\S+)/

/** Takes a port for the length of a test. */
const takePort = async () => {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, "close")
    },
  }
}

describe("start", () => {
  it("prints its addresses, logs each request and stops with 130 on SIGINT", async () => {
    const { exit, out, shows, stop } = run(["--port", "0", "--limit", "2", "--window", "1440m"])
    const baseUrl = await shows(baseUrlLine)
    assert.include(out.stderr, "nothing leaves this machine")
    assert.include(out.stderr, "2 requests per 86400 s window (our assumption, --limit/--window)")
    assert.include(
      out.stderr,
      "Identifiers are shown below because this sandbox runs on your machine",
    )
    assert.include(out.stderr, `export AELYST_BASE_URL=${baseUrl} AELYST_TOKEN=sandbox_ok`)
    await create({ baseUrl }, "email:ana@example.com")
    await shows(/\d\d:\d\d:\d\d\.\d{3} {2}200 +\d+ ms {2}email:ana@example\.com +left 1\/2\n/)
    await create({ baseUrl }, "id:2", {})
    await shows(/400 .* id:2 .*left 0\/2 {2}firstName: /)
    await create({ baseUrl }, "id:3")
    await shows(/429 .* id:3 .*Retry-After \d+\n/)
    stop()
    assert.strictEqual(await exit, 130)
    assert.strictEqual(out.stdout, "")
  })

  it("prints the address of the inspector and the data file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aelyst-sandbox-"))
    const data = join(folder, "contacts.jsonl")
    const first = run(["--port=0", `--data=${data}`])
    const baseUrl = await first.shows(baseUrlLine)
    assert.include(first.out.stderr, `Inspector  ${new URL(baseUrl).origin}/_sandbox\n`)
    assert.include(first.out.stderr, `(local, contacts in ${data}, nothing leaves this machine)`)
    await create({ baseUrl }, "id:1")
    first.stop()
    await first.exit
    const second = run(["--port=0", `--data=${data}`, "--no-admin"])
    const again = await second.shows(baseUrlLine)
    assert.notInclude(second.out.stderr, "Inspector")
    assert.strictEqual((await create({ baseUrl: again }, "id:1")).status, 400)
    second.stop()
    await second.exit
    rmSync(folder, { recursive: true })
  })

  it("stops with 143 on SIGTERM, and frees its port", async () => {
    const { exit, shows, stop } = run(["start", "--port", "0"])
    const port = Number(new URL(await shows(baseUrlLine)).port)
    stop("SIGTERM")
    assert.strictEqual(await exit, 143)
    await using again = await Sandbox.start({ port })
    assert.include(again.baseUrl, String(port))
  })

  it("uses the next free port if its default is in use", async () => {
    const first = run([])
    const one = Number(new URL(await first.shows(baseUrlLine)).port)
    const second = run([])
    const two = Number(new URL(await second.shows(baseUrlLine)).port)
    assert.isAtLeast(one, 4242)
    assert.isAbove(two, one)
    first.stop()
    second.stop()
    await Promise.all([first.exit, second.exit])
  })

  it("exits with 2 if the given port is in use", async () => {
    await using taken = await takePort()
    const { exit, out } = run(["--port", String(taken.port)])
    assert.strictEqual(await exit, 2)
    assert.strictEqual(
      out.stderr,
      "error: the port is in use; choose another one with --port (EADDRINUSE)\n",
    )
  })

  it("applies its flags", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aelyst-sandbox-"))
    const fields = join(folder, "fields.json")
    writeFileSync(fields, '{"Tier":{"type":"list","options":["Gold"]}}')
    const { exit, shows, stop } = run([
      "--port=0",
      "--limit=5",
      "--window=2s",
      "--limiter=token-bucket",
      "--existing=reject=409",
      "--processing-delay=1500ms",
      "--lag=1s",
      "--latency=1ms..2ms",
      "--retry-after=fraction",
      "--rate-limit-headers=on-429",
      "--error-rate=500=100%,drop=0.5%",
      "--fault=429-x1",
      "--seed=7",
      `--fields=${fields}`,
    ])
    const baseUrl = await shows(baseUrlLine)
    const read = async (path: string): Promise<unknown> =>
      (await fetch(new URL(`/_sandbox/${path}`, baseUrl))).json()
    assert.deepStrictEqual(await read("settings"), {
      limit: 5,
      windowMs: 2000,
      limiter: "token-bucket",
      existing: "reject=409",
      processingDelayMs: 1500,
      lagMs: 1000,
      latencyMs: [1, 2],
      retryAfter: "fraction",
      rateLimitHeaders: "on-429",
    })
    assert.deepStrictEqual(await read("faults"), {
      faults: [
        { id: 1, name: "429-x1", spec: { preset: "429-x1" }, hits: 0, left: 1 },
        { id: 2, name: "500", spec: { preset: "500", probability: 1 }, hits: 0 },
        { id: 3, name: "drop", spec: { preset: "drop", probability: 0.005 }, hits: 0 },
      ],
    })
    const custom_fields = [{ name: "Tier", value: "Silver" }]
    await create({ baseUrl }, "id:1")
    const headers = { "x-sandbox": "respond=200" }
    const response = await create(
      { baseUrl },
      "id:1",
      { firstName: "A", custom_fields },
      { headers },
    )
    assert.strictEqual(response.status, 200)
    await shows(/Tier|custom_fields\.0\.value/)
    stop()
    await exit
    rmSync(folder, { recursive: true })
  })

  it("uses colours for a terminal, and none with NO_COLOR", async () => {
    for (const [env, coloured] of [
      [{}, true],
      [{ NO_COLOR: "1" }, false],
      [{ TERM: "dumb" }, false],
    ] as const) {
      const { exit, out, shows, stop } = run(["--port", "0"], env, true)
      await shows(baseUrlLine)
      stop()
      await exit
      assert.strictEqual(out.stderr.includes("\u001B["), coloured)
    }
  })

  it("does not let an identifier control the terminal", async () => {
    const { exit, out, shows, stop } = run(["--port", "0"])
    const baseUrl = await shows(baseUrlLine)
    await create({ baseUrl }, "id:%1B%5D52;x")
    await shows(/400/)
    stop()
    await exit
    assert.notInclude(out.stderr, "\u001B")
    assert.include(out.stderr, "\\u001b]52;x")
  })
})

const script = (text: string) => ["exec", "--", process.execPath, "-e", text]

describe("open", () => {
  // a script with a #! is a program only on POSIX
  const onPosix = process.platform === "win32" ? () => undefined : it
  onPosix("opens the inspector's address in the browser and prints it", async () => {
    await using sandbox = await Sandbox.start()
    const folder = mkdtempSync(join(tmpdir(), "aelyst-sandbox-"))
    const browser = join(folder, "browser")
    // what it is given becomes a request, so that it can be waited for
    writeFileSync(
      browser,
      `#!${process.execPath}\nfetch(process.argv[2].replace("_sandbox", "v1/contact/opened"))\n`,
      { mode: 0o755 },
    )
    const { port } = new URL(sandbox.origin)
    const { exit, out } = run(["open", "--port", port], { BROWSER: browser })
    assert.strictEqual(await exit, 0)
    assert.strictEqual(out.stdout, `${sandbox.origin}/_sandbox\n`)
    const opened = await sandbox.waitFor((one) =>
      one.requests().find(({ path }) => path === "/v1/contact/opened"),
    )
    assert.strictEqual(opened.method, "GET")
    rmSync(folder, { recursive: true })
  })

  it("prints the address if there is no browser", async () => {
    await using sandbox = await Sandbox.start()
    const { port } = new URL(sandbox.origin)
    const { exit, out } = run(["open", "--port", port], { BROWSER: "/nowhere/browser" })
    assert.strictEqual(await exit, 0)
    assert.strictEqual(out.stdout, `${sandbox.origin}/_sandbox\n`)
    assert.include(out.stderr, "open the address in a browser")
  })

  it("exits with 8 if no sandbox is running", async () => {
    const taken = await takePort()
    await taken[Symbol.asyncDispose]()
    const { exit, out } = run(["open", "--port", String(taken.port)])
    assert.strictEqual(await exit, 8)
    assert.strictEqual(out.stdout, "")
    assert.match(
      out.stderr,
      /^error: no sandbox is running at http:.*\n {2}start one: aelyst-sandbox, or name its port/,
    )
  })
})

describe("exec", () => {
  it.each([0, 1, 42])("passes on the exit code %d of its command", async (code) => {
    assert.strictEqual(await run(script(`process.exit(${code})`)).exit, code)
  })

  it("sets both variables to a sandbox that runs as long as the command", async () => {
    const text = `
      const { AELYST_BASE_URL: url, AELYST_TOKEN: token } = process.env
      const headers = { authorization: "Bearer " + token, "content-type": "application/json" }
      const reply = await fetch(url + "/contact/id:1", { method: "POST", headers, body: '{"firstName":"A"}' })
      process.exit(reply.status === 200 ? 7 : 1)`
    const argv = ["exec", "--", process.execPath, "--input-type=module", "-e", text]
    assert.strictEqual(await run(argv).exit, 7)
  })

  it("exits with 127 for a command that does not exist", async () => {
    const { exit, out } = run(["exec", "--", "no-such-command-of-ours"])
    assert.strictEqual(await exit, 127)
    assert.include(out.stderr, "error: command not found: no-such-command-of-ours\n")
  })

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ...(process.platform === "win32"
      ? []
      : ([
          ["SIGHUP", 129],
          ["SIGQUIT", 131],
        ] as const)),
  ] as const)(
    "R23 passes %s on to its command and returns its exit code, %d",
    async (signal, code) => {
      const { exit, stop } = run(script("setInterval(() => {}, 1000)"))
      stop(signal)
      assert.strictEqual(await exit, code)
    },
  )
})

describe("fault and reset", () => {
  it("add a fault to a running sandbox, and reset it", async () => {
    await using sandbox = await Sandbox.start()
    const { port } = new URL(sandbox.baseUrl)
    const fault = run(["fault", "500", "--times", "2", "--identifier", "id:1", "--port", port])
    assert.strictEqual(await fault.exit, 0)
    assert.deepInclude(JSON.parse(fault.out.stdout), { name: "500", left: 2 })
    assert.strictEqual((await create(sandbox, "id:1")).status, 500)
    assert.strictEqual(await run(["reset", "--port", port]).exit, 0)
    assert.deepStrictEqual([sandbox.requests(), sandbox.faults()], [[], []])
  })

  it("U29 follow AELYST_BASE_URL; --port wins", async () => {
    await using sandbox = await Sandbox.start()
    await using other = await Sandbox.start()
    const env = { AELYST_BASE_URL: sandbox.baseUrl }
    assert.strictEqual(await run(["fault", "500"], env).exit, 0)
    assert.deepStrictEqual([sandbox.faults().length, other.faults().length], [1, 0])
    const { port } = new URL(other.baseUrl)
    assert.strictEqual(await run(["fault", "500", "--port", port], env).exit, 0)
    assert.strictEqual(other.faults().length, 1)
    assert.strictEqual(await run(["reset"], env).exit, 0)
    assert.deepStrictEqual([sandbox.faults().length, other.faults().length], [0, 1])
    const opened = run(["open"], { ...env, BROWSER: "/nowhere/browser" })
    assert.strictEqual(await opened.exit, 0)
    assert.strictEqual(opened.out.stdout, `${sandbox.origin}/_sandbox\n`)
  })

  it("U29 send nothing to a host that is not a sandbox", async () => {
    const { exit, out } = run(["reset"], { AELYST_BASE_URL: "https://api.aelyst.ai/v1" })
    assert.strictEqual(await exit, 2)
    assert.match(out.stderr, /^error: AELYST_BASE_URL is https:\/\/api\.aelyst\.ai, which is not/)
    const odd = run(["reset"], { AELYST_BASE_URL: "here" })
    assert.strictEqual(await odd.exit, 2)
    assert.match(odd.out.stderr, /^error: AELYST_BASE_URL is not a URL\n/)
  })

  it("exit with 2 for an unknown preset and with 8 if no sandbox is running", async () => {
    await using sandbox = await Sandbox.start()
    const { port } = new URL(sandbox.baseUrl)
    const unknown = run(["fault", "teapot", "--port", port])
    assert.strictEqual(await unknown.exit, 2)
    assert.match(unknown.out.stderr, /^error: unknown preset "teapot"\n {2}presets: a status/)
    await sandbox.close()
    assert.strictEqual(await run(["reset", "--port", port]).exit, 8)
  })
})

describe("usage", () => {
  it.each([
    [["--prot", "1"], "--prot"],
    [["--limit", "many"], "--limit"],
    [["--limiter", "leaky"], "--limiter"],
    [["--window", "soon"], "--window"],
    [["--port", "70000"], "--port"],
    [["--error-rate", "500=2"], "--error-rate"],
    [["--fields", "no-such-file.json"], "--fields"],
    [["--fault", "teapot"], "teapot"],
    [["serve"], "serve"],
    [["exec"], "exec"],
    [["fault"], "preset"],
    [["--", "npm"], "exec"],
  ])("%j exits with 2, a reason and the help, nothing on stdout", async (argv, reason) => {
    const { exit, out } = run(argv)
    assert.strictEqual(await exit, 2)
    assert.include(out.stderr.split("\n")[0], reason)
    assert.match(out.stderr, /help: {2}aelyst-sandbox .*--help\n$/)
    assert.isAtMost(out.stderr.trimEnd().split("\n").length, 3)
    assert.strictEqual(out.stdout, "")
  })

  it("U30 says what a command does and takes, after --help and help", async () => {
    for (const verb of ["exec", "fault", "reset"]) {
      const one = run([verb, "--help"])
      const other = run(["help", verb])
      assert.deepStrictEqual(await Promise.all([one.exit, other.exit]), [0, 0])
      assert.strictEqual(one.out.stdout, other.out.stdout)
      assert.include(one.out.stdout, `aelyst-sandbox ${verb} `)
    }
  })

  it("--help prints the flags on stdout", async () => {
    const { exit, out } = run(["--help"])
    assert.strictEqual(await exit, 0)
    assert.include(out.stdout, "--processing-delay <time>")
    assert.strictEqual(out.stderr, "")
  })
})
