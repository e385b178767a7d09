import { assert, describe, it } from "@effect/vitest"

import { killAtRandom, modes } from "../src/torture/Series.ts"
import { scriptTarget } from "../src/torture/Target.ts"

// the kills at system calls, the many kills and the controls are in test/system
const target = scriptTarget()

describe("an import that is killed", () => {
  for (const mode of modes) {
    it(`loses nothing and doubles nothing: ${mode.existing}, ${mode.delivery}`, async () => {
      const options = { kills: 2, seed: 1, atSyscalls: false }
      const series = await killAtRandom(await target, mode, options)
      assert.deepStrictEqual(series.problems, [])
      assert.isAtLeast(series.kills, 2)
    })
  }
})
