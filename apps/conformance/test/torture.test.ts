import { assert, describe, it } from "@effect/vitest"

import { killAtRandom, modes } from "../src/torture/Series.ts"

// the kills at system calls, the many kills and the controls are in test/system
describe("an import that is killed", () => {
  for (const mode of modes) {
    it(`loses nothing and doubles nothing: ${mode.existing}, ${mode.delivery}`, async () => {
      const series = await killAtRandom(mode, { kills: 2, seed: 1, atSyscalls: false })
      assert.deepStrictEqual(series.problems, [])
      assert.isAtLeast(series.kills, 2)
    })
  }
})
