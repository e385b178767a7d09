import { assert, describe, it } from "@effect/vitest"
import * as CliError from "effect/cli/CliError"
import * as Option from "effect/Option"

import { exitTable } from "../src/ExitCode.ts"
import * as Presenter from "../src/Presenter.ts"
import { inside } from "./inside.ts"
import { aelyst } from "./process.ts"

describe.concurrent("help", () => {
  it("is printed on stdout, with every exit code at the top level", async () => {
    for (const args of [[], ["--help"], ["help"], ["create", "-h"], ["auth", "login", "--help"]]) {
      const { code, stdout, stderr } = await inside(args)
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "USAGE")
      assert.notInclude(stdout, "\u001b")
      for (const { code: exit, meaning } of Object.values(exitTable)) {
        const row = `${String(exit).padStart(3)}  ${meaning.replaceAll("`", "")}`
        assert.strictEqual(stdout.includes(row), !args.includes("create") && !args.includes("auth"))
      }
    }
  })

  it("U25 is printed for a command that only has commands", async () => {
    for (const name of ["auth", "config"]) {
      const { code, stdout, stderr } = await aelyst([name])
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, `aelyst ${name} <command> [flags]`)
    }
  })
})

describe.concurrent("a wrong invocation", () => {
  it("U25 suggests --first-name for --name, and only flags that the command has", async () => {
    const create = await inside(["create", "id:1", "--name", "A"])
    assert.include(create.stderr, "unknown flag --name. Did you mean --first-name?")
    const list = await inside(["config", "list", "--name", "A"])
    assert.notInclude(list.stderr, "--first-name")
  })

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
      "invalid value (8 characters) for --retries: it is on or off, and takes no value",
    ],
    [
      new CliError.InvalidValue({
        option: "timeout",
        value: "2 occurrences",
        expected: "at most 1 value",
        kind: "flag",
      }),
      "--timeout was given 2 times; it takes one value",
    ],
    [
      new CliError.InvalidValue({ option: "shell", ...invalid, kind: "argument" }),
      "invalid value (8 characters) for <shell>: expected bash or zsh",
    ],
    [
      new CliError.UnknownSubcommand({ subcommand: "creat", suggestions: ["create"] }),
      "unknown command creat. Did you mean create?",
    ],
    [
      new CliError.UnknownSubcommand({ subcommand: "a@b.co", suggestions: [] }),
      "unknown command (6 characters); to create a contact: aelyst create <identifier> --first-name <name>",
    ],
  ] as const
  for (const [error, text] of cases) {
    it(`says: ${text}`, () => {
      assert.strictEqual(Presenter.describe(error, doc), text)
    })
  }
})
