import { assert, describe, it } from "@effect/vitest"

import { shells } from "../src/Completion.ts"
import { keys } from "../src/SettingTable.ts"
import { inside } from "./inside.ts"

const script = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await inside(args)
  assert.deepStrictEqual([code, stderr], [0, ""])
  return stdout
}

describe.concurrent("the completion script", () => {
  for (const shell of shells) {
    it(`U24 offers values in ${shell}: of flags, settings, codes, and of the sandbox`, async () => {
      const text = await script("completions", shell)
      const words =
        "at-most-once natural-key auto bar plain none EMAIL_INVALID RATE_LIMITED exec reset"
      const sandbox = ["token-bucket", "html-502", "processing-delay"]
      const all = [...words.split(" "), ...sandbox, ...keys]
      for (const word of all) assert.include(text, word)
      assert.include(text, `aelyst completions ${shell} >`)
    })

    it(`U24 is printed by its other names, for ${shell}`, async () => {
      const text = await script("completions", shell)
      assert.strictEqual(await script("completion", shell), text)
      assert.strictEqual(await script("--completions", shell), text)
    })
  }
})
