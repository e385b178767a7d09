import { assert, describe, it } from "@effect/vitest"

import { shells } from "../src/Completion.ts"
import { inside } from "./inside.ts"

describe.concurrent("the completion of columns", () => {
  for (const shell of shells) {
    it(`leaves no placeholder in the script for ${shell}`, async () => {
      const { stdout } = await inside(["completions", shell])
      assert.notInclude(stdout, "_of_file__")
      if (shell !== "powershell") assert.include(stdout, "aelyst mapping")
    })
  }
})
