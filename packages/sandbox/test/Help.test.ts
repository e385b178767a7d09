import { assert, describe, it } from "@effect/vitest"

import { flags, presetNames } from "../src/cli/Flags.ts"
import { commandHelp, verbHelp, verbNames } from "../src/cli/Help.ts"

const narrow = (text: string) => {
  for (const line of text.split("\n")) assert.isAtMost(line.length, 100, line)
}

describe("commandHelp", () => {
  it("lists every command, and the flags of start", () => {
    const text = commandHelp("aelyst sandbox")
    narrow(text)
    for (const verb of verbNames) assert.match(text, new RegExp(`^  ${verb} +[A-Z]`, "m"))
    assert.include(text, "aelyst sandbox exec [flags] -- <command>")
    assert.include(text, "--processing-delay <time>")
    assert.notInclude(text, "--probability")
  })
})

describe("verbHelp", () => {
  it.each(verbNames)("U30 has the flags of %s and no others, and an example", (verb) => {
    const text = verbHelp("aelyst sandbox", verb)
    narrow(text)
    for (const [name, entry] of Object.entries(flags)) {
      const of: ReadonlyArray<string> = entry.verbs
      assert.strictEqual(new RegExp(`--${name}\\b(?!-)`).test(text), of.includes(verb), name)
    }
    assert.include(text, `aelyst sandbox ${verb}`)
  })

  it("U30 lists the presets of fault", () => {
    const text = verbHelp("aelyst sandbox", "fault")
    for (const name of presetNames) assert.include(text, name)
  })
})
