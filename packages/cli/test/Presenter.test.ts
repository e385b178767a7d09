import { assert, describe, it } from "@effect/vitest"
import * as CliError from "effect/cli/CliError"
import * as Option from "effect/Option"

import { exitTable } from "../src/ExitCode.ts"
import * as Presenter from "../src/Presenter.ts"
import { inside } from "./inside.ts"
import { aelyst } from "./process.ts"

describe.concurrent("help", () => {
  it("is printed on stdout, with every exit code", async () => {
    for (const args of [[], ["--help"], ["create", "-h"], ["auth", "login", "--help"]]) {
      const { code, stdout, stderr } = await inside(args)
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "USAGE")
      assert.notInclude(stdout, "\u001b")
      for (const { code: exit, meaning } of Object.values(exitTable)) {
        assert.include(stdout, `${String(exit).padStart(3)}  ${meaning.replaceAll("`", "")}`)
      }
    }
  })

  it("is named by the error for an incomplete command", async () => {
    const { code, stdout, stderr } = await aelyst(["auth"])
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.match(
      stderr,
      /needs a command: login, status, logout.*\n.*usage: .*\n.*aelyst auth --help/,
    )
  })
})

describe.concurrent("a wrong invocation", () => {
  it("suggests the flag that was meant, and shows no argument", async () => {
    const typo = await inside(["create", "id:1", "--frist-name", "A"])
    assert.include(typo.stderr, "unknown flag --frist-name. Did you mean --first-name?")
    const odd = await inside(["create", "id:1", "--\u001b[2J\u009b" + "x".repeat(200)])
    assert.strictEqual(odd.code, 2)
    assert.include(odd.stderr, String.raw`unknown flag --\x1b[2J\x9bxxx`)
    assert.isBelow(odd.stderr.length, 250)
    for (const args of [
      ["create", "id:1", "--token", "canary12"],
      ["create", "id:1", "--token=canary12"],
      ["canary12"],
      ["create", "id:1", "canary12"],
    ]) {
      const { code, stdout, stderr } = await inside(args)
      assert.strictEqual(code, 2)
      assert.notInclude(stdout + stderr, "canary12")
    }
  })
})

describe("Presenter.describe", () => {
  const doc = {
    description: "",
    usage: "aelyst x <shell>",
    flags: [],
    // safe: the presenter reads no annotation
    annotations: {} as never,
    args: [
      {
        name: "shell",
        type: "string",
        description: Option.some("bash or zsh"),
        required: true,
        variadic: false,
      },
    ],
  }
  const invalid = { value: "canary12", expected: 'got "canary12"' }
  const cases = [
    [
      new CliError.UnrecognizedOption({ option: "--frist", suggestions: ["--first"] }),
      "unknown flag --frist. Did you mean --first?",
    ],
    [
      new CliError.UnrecognizedOption({ option: "--token", suggestions: [] }),
      "unknown flag --token: arguments are visible in the process list. Use AELYST_TOKEN, --token-file or --token-stdin",
    ],
    [new CliError.MissingOption({ option: "file" }), "missing flag --file"],
    [new CliError.MissingArgument({ argument: "key" }), "missing argument <key>"],
    [
      new CliError.UnexpectedArgument({ arguments: ["canary12", "x"] }),
      "2 unexpected arguments; quote a value that contains spaces",
    ],
    [
      new CliError.InvalidValue({ option: "retries", value: "", expected: "text", kind: "flag" }),
      "missing value for --retries; write --retries=-… for one that begins with -",
    ],
    [
      new CliError.InvalidValue({ option: "retries", ...invalid, kind: "flag" }),
      "invalid value for --retries",
    ],
    [
      new CliError.InvalidValue({ option: "shell", ...invalid, kind: "argument" }),
      "invalid value for <shell>: expected bash or zsh",
    ],
    [
      new CliError.UnknownSubcommand({ subcommand: "creat", suggestions: ["create"] }),
      "unknown command creat. Did you mean create?",
    ],
    [new CliError.UnknownSubcommand({ subcommand: "a@b.co", suggestions: [] }), "unknown command"],
  ] as const
  for (const [error, text] of cases) {
    it(`says: ${text}`, () => {
      assert.strictEqual(Presenter.describe(error, doc), text)
    })
  }
})
