/**
 * Every command from the packed tarball, in a terminal, a pipe and CI, with every end that it can have. Commands that send
 * no request run with a server that is down. Further ends of one kind, and JSON, run in the test's process: they do not
 * depend on the streams.
 */
import { stripVTControlCharacters } from "node:util"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, it } from "@effect/vitest"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { inside } from "./inside.ts"
import type { Ended, Options } from "./process.ts"
import { Home, aelyst, inTerminal } from "./process.ts"

const token = "canary_token_Zx81qQ"
const rejected = "canary_rejected_Zx81qQ"
const person = ["--first-name", "Zebedee", "--last-name", "Quillfeather"]
const secrets = [token, rejected, "Zebedee", "Quillfeather", "secret-canary"]

/** Names what a command runs in; `process` is the process of the test. */
export type Mode = "terminal" | "pipe" | "CI" | "process"
const places = {
  terminal: "a terminal",
  pipe: "a pipe",
  CI: "CI",
  process: "a process",
} as const

/** Runs a command in a mode with a new home, a token and a server. */
const run = async (
  mode: Mode,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  more: Omit<Options, "env"> = {},
): Promise<Ended> => {
  using home = new Home()
  const ci = mode === "CI" ? { CI: "true", GITHUB_ACTIONS: "true" } : {}
  const options = { ...more, env: { HOME: home.path, AELYST_TOKEN: token, ...ci, ...env } }
  if (mode === "process") return await inside(args, options)
  return mode === "terminal" ? await inTerminal(args, options) : await aelyst(args, options)
}

/** Checks what every end has in common: no secret, no stack, and colours only in a terminal. */
const isClean = ({ stdout, stderr }: Ended, mode: Mode): void => {
  for (const stream of [stdout, stderr]) {
    if (mode === "terminal") {
      // colours, but no movement of the cursor: nothing waits here
      assert.strictEqual(
        stripVTControlCharacters(stream),
        // oxlint-disable-next-line no-control-regex -- the escape of a colour is the subject
        stream.replaceAll(/\u001b\[\d*m/g, ""),
      )
    } else for (const escape of ["\u001b", "\u009b"]) assert.notInclude(stream, escape)
    for (const secret of secrets) assert.notInclude(stream, secret)
    assert.notMatch(stream, /^ +at /m, "a stack")
  }
}

const split = (text: string) => text.split(/\r?\n/).filter((line) => line !== "")

/** Returns the lines of stdout and stderr. A terminal joins both; there an error begins with `error: `. */
const streamsOf = (ended: Ended, mode: Mode) => {
  if (mode !== "terminal") return { out: split(ended.stdout), err: split(ended.stderr) }
  const all = split(stripVTControlCharacters(ended.stdout))
  const from = all.findIndex((line) => line.startsWith("error: "))
  return from === -1 ? { out: all, err: [] } : { out: all.slice(0, from), err: all.slice(from) }
}

/** Checks that an error is one line with its code, and lines below it that are indented. */
const isError = (err: ReadonlyArray<string>, code?: string): void => {
  const [first = "", ...rest] = err
  assert.match(first, /^error: .* {2}\[[A-Z_]+\]$/)
  if (code !== undefined) assert.include(first, `[${code}]`)
  for (const line of rest) assert.match(line, /^ {2}\S/)
}

const rows = (lines: ReadonlyArray<string>): void => {
  assert.isNotEmpty(lines)
  // separated by tabs for programs, in columns for people
  for (const line of lines) assert.match(line, /^\S+(?:\t| {2}| *$)/)
}
const nothing = (lines: ReadonlyArray<string>): void => assert.deepStrictEqual(lines, [])
const text =
  (start: string) =>
  (lines: ReadonlyArray<string>): void =>
    assert.isTrue(lines[0]?.startsWith(start), lines[0])

interface Command {
  readonly args: ReadonlyArray<string>
  readonly code?: number
  /** The exit code in a terminal if it differs. */
  readonly inTerminal?: number
  /** Checks stdout. */
  readonly data: (lines: ReadonlyArray<string>) => void
  /** Shown on stderr, which a terminal joins to the data. */
  readonly notices?: RegExp
  /** Whether it prints JSON on stdout with `--json`. */
  readonly json?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly up?: boolean
  /** Whether another row has an end of this kind. */
  readonly more?: boolean
}

interface Servers {
  readonly up: string
  readonly down: string
}

/** Starts a sandbox before the tests; `down` is the address of a server that has been closed. */
const withServers = (): (() => Servers) => {
  let sandbox: Sandbox
  let down: string
  beforeAll(async () => {
    sandbox = await Sandbox.start({ limit: 1_000, extraTokens: { [token]: {} } })
    // not a port that the system gives to another test meanwhile
    down = `http://127.0.0.1:${await Ports.own()}/v1`
  })
  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]()
  })
  return () => ({ up: sandbox.baseUrl, down })
}

const modesOf = (modes: ReadonlyArray<Mode>, more: boolean) =>
  modes.filter((mode) => (mode === "process") === more)

const commands: ReadonlyArray<Command> = [
  { args: ["auth", "status"], data: rows, json: true },
  { more: true, args: ["auth", "status"], env: { AELYST_TOKEN: "" }, code: 4, data: nothing },
  {
    args: ["auth", "login", "--token-stdin"],
    stdin: token,
    // a terminal would show what is typed
    inTerminal: 2,
    data: nothing,
    json: true,
  },
  { more: true, args: ["auth", "login", "--no-input"], code: 2, data: nothing },
  { args: ["auth", "logout"], data: nothing, notices: /no saved token/, json: true },
  { args: ["config", "list", "--show-origin"], data: rows, json: true },
  { args: ["config", "get", "retries"], data: text("3"), json: true },
  { more: true, args: ["config", "get", "secret-canary"], code: 2, data: nothing },
  {
    args: ["config", "set", "timeout", "9s"],
    data: nothing,
    notices: /saved in profile/,
    json: true,
  },
  { more: true, args: ["config", "set", "timeout", "secret-canary"], code: 2, data: nothing },
  { args: ["config", "unset", "timeout"], data: nothing, notices: /saved in/, json: true },
  { args: ["config", "path"], data: rows, json: true },
  { args: ["doctor"], code: 8, data: rows, json: true },
  // any status will do
  { args: ["doctor"], up: true, data: rows, json: true },
  { more: true, args: ["doctor"], up: true, env: { AELYST_TOKEN: "" }, code: 4, data: rows },
  { args: ["errors"], data: rows, json: true },
  { args: ["errors", "EMAIL_INVALID"], data: text("EMAIL_INVALID  (exit 3)"), json: true },
  { more: true, args: ["errors", "SECRET-CANARY"], code: 2, data: nothing },
  { args: ["completions", "bash"], data: text("###-begin-aelyst-completions-###") },
  { more: true, args: ["completions", "secret-canary"], code: 2, data: nothing },
  { args: ["create", "--help"], data: text("Create one contact") },
  { args: ["import", "--help"], data: text("Create the contacts of a file") },
  {
    args: ["import", "-", "--check"],
    stdin: "First Name,Email\nZebedee,zebedee@example.com\n",
    inTerminal: 2,
    data: nothing,
    json: true,
  },
  { args: ["resume", "--yes"], code: 2, data: nothing },
  { args: ["runs"], data: nothing, notices: /there are no runs/, json: true },
  { args: ["runs", "show", "r_7Q2F"], code: 2, data: nothing },
  { args: ["outbox", "--help"], data: text("Look after an outbox of @aelyst/outbox") },
  { args: ["outbox", "stats"], code: 2, data: nothing },
  {
    more: true,
    args: ["outbox", "list", "--store", "postgres://u:secret-canary@127.0.0.1/db"],
    code: 2,
    data: nothing,
  },
  { more: true, args: ["outbox", "show", "secret-canary"], code: 2, data: nothing },
  {
    more: true,
    args: ["outbox", "drain"],
    env: { AELYST_STORE: "secret-canary" },
    code: 2,
    data: nothing,
  },
  { args: ["template"], data: text("First Name,Last Name,Email") },
  { args: ["mapping", "--help"], data: text("Show how a file is read") },
  { args: ["sandbox", "--help"], data: text("Run the API on this machine") },
  { args: ["sandbox", "reset", "--port", "1"], code: 8, data: nothing },
  { args: ["sandbox", "exec", "--quiet", "--", "sh", "-c", "exit 7"], code: 7, data: nothing },
]

/** Registers the tests of `create` in these modes. */
export const createMatrix = (modes: ReadonlyArray<Mode>): void => {
  const servers = withServers()

  const cases = [
    { name: "ok", code: 0 },
    { name: "400", id: "email:400@sandbox.test", code: 5, error: "API_REJECTED" },
    { name: "401", token: rejected, code: 4, error: "UNAUTHORIZED" },
    { name: "429", id: "email:429@sandbox.test", code: 6, error: "RATE_LIMITED" },
    { name: "500", id: "email:500@sandbox.test", code: 7, error: "SERVER_ERROR" },
    {
      more: true,
      name: "lost reply",
      id: "email:drop@sandbox.test",
      code: 8,
      error: "OUTCOME_UNKNOWN",
    },
    {
      more: true,
      name: "a portal",
      id: "email:portal@sandbox.test",
      code: 7,
      error: "UNEXPECTED_RESPONSE",
    },
    { name: "server down", down: true, code: 8, error: "NETWORK" },
    { more: true, name: "no token", token: "", code: 4, error: "TOKEN_MISSING" },
    { name: "bad flag", flags: ["--frist-name=secret-canary"], code: 2, error: "USAGE" },
    {
      more: true,
      name: "bad value",
      flags: ["--retries=secret-canary"],
      code: 2,
      error: "USAGE",
    },
    { more: true, name: "bad contact", flags: ["--country-code=secret-canary"], code: 3 },
  ] as const

  for (const one of cases) {
    const argsOf = (id: string) =>
      ["create", id, ...person, "--retries", "0"].concat("flags" in one ? one.flags : [])
    const env = () => ({
      AELYST_BASE_URL: "down" in one ? servers().down : servers().up,
      ...("token" in one && { AELYST_TOKEN: one.token }),
    })

    for (const mode of modesOf(modes, "more" in one)) {
      it(`ends with ${one.code} in ${places[mode]}: ${one.name}`, async () => {
        const id = "id" in one ? one.id : `id:ok-${mode}`
        const ended = await run(mode, argsOf(id), env())
        assert.strictEqual(ended.code, one.code, ended.stdout + ended.stderr)
        isClean(ended, mode)
        const { out, err } = streamsOf(ended, mode)
        if (one.code !== 0) {
          assert.deepStrictEqual(out, [])
          return isError(err, "error" in one ? one.error : undefined)
        }
        assert.deepStrictEqual([out.length, err], [1, []])
        if (mode === "terminal") assert.include(out[0], `✔ Contact added  ${id}  (200, `)
        else assert.strictEqual(out[0], `created\t${id}`)
        return undefined
      })
    }

    // what is printed as JSON does not depend on the mode
    for (const mode of modesOf(modes, true)) {
      it(`ends with ${one.code} as JSON: ${one.name}`, async () => {
        const id = "id" in one ? one.id : "id:ok-json"
        const ended = await run(mode, [...argsOf(id), "--json"], env())
        assert.strictEqual(ended.code, one.code, ended.stderr)
        isClean(ended, mode)
        const { out, err } = streamsOf(ended, mode)
        const [data, silent] = one.code === 0 ? [out, err] : [err, out]
        assert.deepStrictEqual([data.length, silent], [1, []])
        const json: unknown = JSON.parse(data[0] ?? "")
        if (one.code === 0) {
          assert.deepInclude(json, {
            schemaVersion: 1,
            ok: true,
            result: "created",
            identifier: id,
            status: 200,
            message: "Contact added successfully!",
            attempts: 1,
          })
          return
        }
        assert.deepInclude(json, { schemaVersion: 1, ok: false, exitCode: one.code })
        if ("error" in one) assert.nestedPropertyVal(json, "error.code", one.error)
        for (const member of ["message", "hints", "outcome"]) {
          assert.nestedProperty(json, `error.${member}`)
        }
      })
    }
  }
}

/** Registers the tests of the commands with this name in these modes. */
export const commandMatrix = (name: string, modes: ReadonlyArray<Mode>): void => {
  const servers = withServers()
  for (const command of commands.filter(({ args }) => args[0] === name)) {
    const { args, data, json = false, stdin, up = false, notices } = command
    const shown = args.join(" ") + (command.env === undefined ? "" : ", without a token")
    const env = () => ({ AELYST_BASE_URL: up ? servers().up : servers().down, ...command.env })
    const input = stdin === undefined ? {} : { stdin }

    for (const mode of modesOf(modes, command.more === true)) {
      const { code = 0 } = command
      const exit = mode === "terminal" ? (command.inTerminal ?? code) : code
      it(`ends with ${exit} in ${places[mode]}: ${shown}`, async () => {
        const ended = await run(mode, args, env(), input)
        assert.strictEqual(ended.code, exit, ended.stdout + ended.stderr)
        isClean(ended, mode)
        const { out, err } = streamsOf(ended, mode)
        const stderr = mode === "terminal" ? out : err
        if (notices !== undefined) assert.match(stderr.join("\n"), notices)
        if (mode !== "terminal" || notices === undefined) data(out)
        if (exit !== 0 && exit !== 7 && args[0] !== "sandbox") isError(err)
      })
    }

    for (const mode of json ? modesOf(modes, true) : [])
      it(`prints one line of JSON with --json: ${shown}`, async () => {
        const ended = await run(mode, [...args, "--json"], env(), input)
        assert.strictEqual(ended.code, command.code ?? 0, ended.stderr)
        isClean(ended, mode)
        const { out } = streamsOf(ended, mode)
        assert.lengthOf(out, 1)
        assert.propertyVal(JSON.parse(out[0] ?? ""), "schemaVersion", 1)
      })
  }

  for (const mode of modesOf(modes, false)) {
    it(`refuses a wrong flag in ${places[mode]}: ${name}`, async () => {
      const env = { AELYST_BASE_URL: servers().down }
      const ended = await run(mode, [name, "--wrong=secret-canary"], env)
      assert.strictEqual(ended.code, 2)
      isClean(ended, mode)
      const { out, err } = streamsOf(ended, mode)
      assert.deepStrictEqual(out, [])
      const [first = "", ...rest] = err
      assert.match(first, /^error: unknown flag --wrong {2}\[USAGE\]$/)
      assert.match(rest.join("\n"), /usage: .*help/s)
    })
  }
}
