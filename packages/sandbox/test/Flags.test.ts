import { assert, describe, it } from "@effect/vitest"

import { parse } from "../src/api/Preset.ts"
import type { FlagEntry } from "../src/cli/Flags.ts"
import { flags, presetNames, verbs } from "../src/cli/Flags.ts"

describe("flags", () => {
  it("say what they do, and belong to commands that exist", () => {
    for (const [name, entry] of Object.entries<FlagEntry>(flags)) {
      assert.isTrue(entry.text !== "" || entry.choices !== undefined, name)
      for (const verb of entry.verbs) assert.property(verbs, verb)
    }
  })
})

describe("presetNames", () => {
  it("are presets", () => {
    for (const name of presetNames) assert.isDefined(parse(name), name)
  })
})
