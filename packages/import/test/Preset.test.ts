import { assert, describe, it } from "@effect/vitest"

import { isPreset, presets, recognise } from "../src/map/Preset.ts"

describe("presets", () => {
  it("are recognised by all headers of one of their signs", () => {
    for (const [name, { signs }] of Object.entries(presets)) {
      for (const headers of signs) {
        assert.strictEqual(recognise(["Other", ...headers]), name, headers.join())
      }
    }
  })

  it("are not recognised by a part of them", () => {
    assert.isUndefined(recognise(["First Name", "Last Name", "Email", "Phone"]))
    assert.isUndefined(recognise(["E-mail Address", "Email"]))
    assert.isUndefined(recognise([]))
  })

  it("have names", () => {
    assert(isPreset("google"))
    assert(!isPreset("Google") && !isPreset("toString"))
  })
})
