import { assert, describe, it } from "@effect/vitest"

import { disturb, killAtRandom, modes } from "../src/torture/Series.ts"
import { scriptTarget } from "../src/torture/Target.ts"

// the kills at system calls, the many kills and the controls are in test/system
const target = scriptTarget()

describe("an import that is killed", () => {
  for (const mode of modes) {
    it(`P1: loses nothing and doubles nothing: ${mode.existing}, ${mode.delivery}`, async () => {
      const options = { kills: 2, seed: 1, atSyscalls: false }
      const series = await killAtRandom(await target, mode, options)
      assert.deepStrictEqual(series.problems, [])
      assert.isAtLeast(series.kills, 2)
    })
  }
})

describe("an import whose clock jumps", () => {
  for (const [jump, ms] of [
    ["a day ahead", 86_400_000],
    ["an hour back", -3_600_000],
  ] as const) {
    it(`P5: accounts for every row: ${jump}`, async () => {
      // after some rows were sent
      const preload = `const now = Date.now; setTimeout(() => { Date.now = () => now() + ${ms} }, 600)`
      const { problems } = await disturb(await target, { rows: 120, preload })
      assert.deepStrictEqual(problems, [])
    })
  }
})

describe("an import that does nothing else for two seconds", () => {
  it("P6: takes no lost time for a response", async () => {
    // after some rows were sent
    const block = "const end = Date.now() + 2_000; while (Date.now() < end);"
    const { problems } = await disturb(await target, {
      rows: 120,
      preload: `setTimeout(() => { ${block} }, 600)`,
    })
    assert.deepStrictEqual(problems, [])
  })
})
