import { Readable } from "node:stream"
import { stripVTControlCharacters } from "node:util"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { docsLink, wrap } from "../src/Help.ts"
import { Host } from "../src/Host.ts"
import * as Run from "../src/Run.ts"
import { captured } from "./captured.ts"
import { inside } from "./inside.ts"

const help = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await inside(args)
  assert.deepStrictEqual([code, stderr], [0, ""], args.join(" "))
  return stdout
}

const commands = [
  [],
  ["create"],
  ["auth"],
  ["auth", "login"],
  ["config"],
  ["config", "set"],
  ["doctor"],
  ["errors"],
  ["outbox"],
  ["outbox", "drain"],
  ["completions"],
  ["help"],
]

describe("wrap", () => {
  it("breaks between words, and leaves a long word whole", () => {
    assert.deepStrictEqual(wrap("one two three", 7), ["one two", "three"])
    assert.deepStrictEqual(wrap("a https://example.com b", 5), ["a", "https://example.com", "b"])
    assert.deepStrictEqual(wrap("", 5), [""])
  })
})

describe.concurrent("help", () => {
  it("U23 has usage, commands, then flags, examples and a link at the top level", async () => {
    const text = await help()
    const headings = [...text.matchAll(/^[A-Z][A-Z ]+$/gm)].map(([heading]) => heading)
    assert.deepStrictEqual(headings, [
      "USAGE",
      "COMMANDS",
      "FLAGS",
      "EXAMPLES",
      "EXIT CODES",
      "LEARN MORE",
    ])
    assert.include(text, docsLink)
  })

  it("U23 fits `create` into 40 lines of 100 columns", async () => {
    const lines = (await help("create", "--help")).trimEnd().split("\n")
    assert.isAtMost(lines.length, 40)
  })

  it("U23 is not wider than 100 columns without a terminal", async () => {
    for (const command of commands) {
      for (const line of (await help(...command, "--help")).split("\n")) {
        assert.isAtMost(line.length, 100, line)
      }
    }
  })

  it("U23 is wrapped to the terminal", async () => {
    const { printer, streams, written } = captured({ stdout: true, columns: 60 })
    const host = Host.of({ env: {}, cwd: "/", stdin: Readable.from([]), ...streams })
    await Effect.runPromiseExit(Run.run("0.0.0", ["create", "--help"], host, printer))
    const [text = ""] = stripVTControlCharacters(written.stdout).split("EXAMPLES")
    assert.include(text, "--dry-run")
    for (const line of text.split("\n")) assert.isAtMost(line.length, 60, line)
  })

  it("U25 is the same after `help` and before `--help`", async () => {
    for (const command of commands) {
      assert.strictEqual(await help("help", ...command), await help(...command, "--help"))
    }
  })

  it("U25 fails for a topic that is no command, and suggests one", async () => {
    const { code, stdout, stderr } = await inside(["help", "config", "sett"])
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.strictEqual(
      stderr,
      "error: unknown command sett. Did you mean set?  [USAGE]\n" +
        "  commands: list, get, set, unset, path\n  help:  aelyst help\n",
    )
  })

  it("U25 prints the version for `version`", async () => {
    assert.strictEqual(await help("version"), "aelyst v0.0.0\n")
  })
})
