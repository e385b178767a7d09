import { assert, describe, it } from "@effect/vitest"

import { controls } from "../../src/torture/Controls.ts"
import {
  breakPromise,
  disturb,
  killAtEachSyscall,
  killAtRandom,
  modes,
} from "../../src/torture/Series.ts"
import { rejecting } from "../../src/torture/SandboxProcess.ts"
import { commandTarget, scriptTarget } from "../../src/torture/Target.ts"

// only stops tests that hang
const timeout = 1_800_000
const [reject] = modes
const command = commandTarget()
const script = scriptTarget()
let kills = 0

describe("the command, killed while it imports", () => {
  it(
    "P2: loses nothing and doubles nothing at any system call of its journal",
    async () => {
      assert.exists(reject)
      const series = await killAtEachSyscall(await command, reject)
      kills += series.kills
      assert.deepStrictEqual(series.problems, [])
    },
    timeout,
  )

  for (const mode of modes) {
    it(
      `P1: loses nothing and doubles nothing at random moments: ${mode.existing}, ${mode.delivery}`,
      async () => {
        const series = await killAtRandom(await command, mode, {
          kills: 40,
          seed: 100,
          atSyscalls: true,
        })
        kills += series.kills
        assert.deepStrictEqual(series.problems, [])
      },
      timeout,
    )
  }

  it("was killed 200 times", () => {
    assert.isAtLeast(kills, 200)
  })
})

describe("the command, stopped for a minute while it imports", () => {
  it(
    "P4: continues at the pace of the API",
    async () => {
      const sandbox = { limit: 10, faults: [rejecting] }
      const options = { rows: 100, freezeMs: 60_000, sandbox }
      const { problems, rateLimited } = await disturb(await command, options)
      assert.deepStrictEqual(problems, [])
      // one window of requests that a frozen process had sent before it knew
      assert.isAtMost(rateLimited, 10)
    },
    timeout,
  )
})

describe("the judge of the kills", () => {
  for (const control of controls) {
    it(
      `notices an import with a broken promise: ${control}`,
      async () => assert.isNotEmpty(await breakPromise(await script, control)),
      timeout,
    )
  }
})
