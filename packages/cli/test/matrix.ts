/**
 * Every command in a terminal, a pipe and CI, by every end that it can have, out of the packed tarball. The commands that
 * ask no server end in the same way whether it is there or not, so they are all asked with a server that is down. Ends
 * that are one more of a kind, and JSON, are asked inside this process: it does not matter to them which one it is.
 */
import { createServer } from "node:net"
import { stripVTControlCharacters } from "node:util"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import type { Ended, Options } from "./process.ts"
import { Home, aelyst, inTerminal } from "./process.ts"

const token = "canary_token_Zx81qQ"
const refused = "canary_refused_Zx81qQ"
const person = ["--first-name", "Zebedee", "--last-name", "Quillfeather"]
const secrets = [token, refused, "Zebedee", "Quillfeather", "secret-canary"]

/** Names where a command runs; a process is the test's own. */
export type Mode = "terminal" | "pipe" | "CI" | "process"
const places = {
  terminal: "a terminal",
  pipe: "a pipe",
  CI: "CI",
  process: "a process",
} as const

/** Runs a command in a mode, with a home of its own and nothing else but a token and a server. */
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

/** Checks what holds for every end: no secret, no stack, and colours in a terminal alone. */
const isClean = ({ stdout, stderr }: Ended, mode: Mode): void => {
  for (const stream of [stdout, stderr]) {
    if (mode === "terminal") {
      // colours, and never what moves a cursor: nothing waits here
      assert.strictEqual(
        stripVTControlCharacters(stream),
        // oxlint-disable-next-line no-control-regex -- the escape of a colour is what is looked for
        stream.replaceAll(/\u001b\[\d*m/g, ""),
      )
    } else for (const escape of ["\u001b", "\u009b"]) assert.notInclude(stream, escape)
    for (const secret of secrets) assert.notInclude(stream, secret)
    assert.notMatch(stream, /^ +at /m, "a stack")
  }
}

const linesIn = (text: string) => text.split(/\r?\n/).filter((line) => line !== "")

/** Gives the lines of stdout and stderr; a terminal shows both as one, and errors are known by how they begin. */
const linesOf = (ended: Ended, mode: Mode) => {
  if (mode !== "terminal") return { out: linesIn(ended.stdout), err: linesIn(ended.stderr) }
  const all = linesIn(stripVTControlCharacters(ended.stdout))
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
  // split by tabs for programs, in columns for people
  for (const line of lines) assert.match(line, /^\S+(?:\t| {2}| *$)/)
}
const nothing = (lines: ReadonlyArray<string>): void => assert.deepStrictEqual(lines, [])
const text =
  (start: string) =>
  (lines: ReadonlyArray<string>): void =>
    assert.isTrue(lines[0]?.startsWith(start), lines[0])

interface Command {
  readonly args: ReadonlyArray<string>
  /** The exit code; with one for a terminal where that is another. */
  readonly code?: number
  readonly inTerminal?: number
  /** Reads stdout. */
  readonly data: (lines: ReadonlyArray<string>) => void
  /** What a terminal shows beside the data, since it shows both streams. */
  readonly notices?: RegExp
  /** Whether it has a form as JSON on stdout. */
  readonly json?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly up?: boolean
  /** One more end of a kind that another row has. */
  readonly more?: boolean
}

/** Registers the tests of these modes. */
export const matrix = (modes: ReadonlyArray<Mode>): void => {
  const modesOf = (more: boolean) => modes.filter((mode) => (mode === "process") === more)

  let sandbox: Sandbox
  let down: string

  beforeAll(async () => {
    sandbox = await Sandbox.start({
      limit: 1_000,
      extraTokens: { [token]: {} },
    })
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
  })

  describe.concurrent("create", () => {
    const cases = [
      { name: "ok", code: 0 },
      { name: "400", id: "email:400@sandbox.test", code: 5, error: "API_REJECTED" },
      { name: "401", token: refused, code: 4, error: "UNAUTHORIZED" },
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
        AELYST_BASE_URL: "down" in one ? down : sandbox.baseUrl,
        ...("token" in one && { AELYST_TOKEN: one.token }),
      })

      for (const mode of modesOf("more" in one)) {
        it(`ends with ${one.code} in ${places[mode]}: ${one.name}`, async () => {
          const id = "id" in one ? one.id : `id:ok-${mode}`
          const ended = await run(mode, argsOf(id), env())
          assert.strictEqual(ended.code, one.code, ended.stdout + ended.stderr)
          isClean(ended, mode)
          const { out, err } = linesOf(ended, mode)
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
      for (const mode of modesOf(true)) {
        it(`ends with ${one.code} as JSON: ${one.name}`, async () => {
          const id = "id" in one ? one.id : "id:ok-json"
          const ended = await run(mode, [...argsOf(id), "--json"], env())
          assert.strictEqual(ended.code, one.code, ended.stderr)
          isClean(ended, mode)
          const { out, err } = linesOf(ended, mode)
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
          for (const member of ["message", "hint", "outcome"]) {
            assert.nestedProperty(json, `error.${member}`)
          }
        })
      }
    }
  })

  describe.concurrent("every other command", () => {
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
      // any answer tells it what it wants to know, whatever the status
      { args: ["doctor"], up: true, data: rows, json: true },
      { more: true, args: ["doctor"], up: true, env: { AELYST_TOKEN: "" }, code: 4, data: rows },
      { args: ["errors"], data: rows, json: true },
      { args: ["errors", "EMAIL_INVALID"], data: text("EMAIL_INVALID  (exit 3)"), json: true },
      { more: true, args: ["errors", "SECRET-CANARY"], code: 2, data: nothing },
      { args: ["completions", "bash"], data: text("###-begin-aelyst-completions-###") },
      { more: true, args: ["completions", "secret-canary"], code: 2, data: nothing },
      { args: ["create", "--help"], data: text("DESCRIPTION") },
      { args: ["sandbox", "--help"], data: text("Usage:") },
      { args: ["sandbox", "reset", "--port", "1"], code: 8, data: nothing },
      { args: ["sandbox", "exec", "--quiet", "--", "sh", "-c", "exit 7"], code: 7, data: nothing },
    ]
    for (const command of commands) {
      const { args, data, json = false, stdin, up = false, notices } = command
      const name = args.join(" ") + (command.env === undefined ? "" : ", without a token")
      const env = () => ({ AELYST_BASE_URL: up ? sandbox.baseUrl : down, ...command.env })
      const input = stdin === undefined ? {} : { stdin }

      for (const mode of modesOf(command.more === true)) {
        const { code = 0 } = command
        const exit = mode === "terminal" ? (command.inTerminal ?? code) : code
        it(`ends with ${exit} in ${places[mode]}: ${name}`, async () => {
          const ended = await run(mode, args, env(), input)
          assert.strictEqual(ended.code, exit, ended.stdout + ended.stderr)
          isClean(ended, mode)
          const { out, err } = linesOf(ended, mode)
          const shown = mode === "terminal" ? out : err
          if (notices !== undefined) assert.match(shown.join("\n"), notices)
          if (mode !== "terminal" || notices === undefined) data(out)
          if (exit !== 0 && exit !== 7 && args[0] !== "sandbox") isError(err)
        })
      }

      for (const mode of json ? modesOf(true) : [])
        it(`prints one line of JSON with --json: ${name}`, async () => {
          const ended = await run(mode, [...args, "--json"], env(), input)
          assert.strictEqual(ended.code, command.code ?? 0, ended.stderr)
          isClean(ended, mode)
          const { out } = linesOf(ended, mode)
          assert.lengthOf(out, 1)
          assert.propertyVal(JSON.parse(out[0] ?? ""), "schemaVersion", 1)
        })
    }

    const withFlags = [...new Set(commands.map(({ args }) => args[0] ?? ""))]
    for (const name of withFlags) {
      for (const mode of modesOf(false)) {
        it(`refuses a wrong flag in ${places[mode]}: ${name}`, async () => {
          const ended = await run(mode, [name, "--wrong=secret-canary"], { AELYST_BASE_URL: down })
          assert.strictEqual(ended.code, 2)
          isClean(ended, mode)
          const { out, err } = linesOf(ended, mode)
          assert.deepStrictEqual(out, [])
          const [first = "", ...rest] = err
          if (name === "sandbox") assert.match(first, /^error: .*'--wrong/)
          else assert.match(first, /^error: unknown flag --wrong {2}\[USAGE\]$/)
          assert.match(rest.join("\n"), /usage: .*help/s)
        })
      }
    }
  })
}
