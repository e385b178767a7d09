import { assert, describe, it } from "@effect/vitest"

import * as Admission from "../src/pacing/Admission.ts"
import * as SharedAdmission from "../src/pacing/SharedAdmission.ts"
import * as Rotation from "../src/pacing/Rotation.ts"
import { config, withLimit } from "./machine.ts"

const decide = SharedAdmission.decide.bind(undefined, Admission)

const asking = { callers: 10, leftSince: undefined, changeMs: 6, recheckMs: 250 }

/** A state with a limit of 11, one of which is used, and processes that wait. */
const start = (...waiting: ReadonlyArray<string>) => {
  const machine = withLimit(11)
  const rotation = waiting.reduce<Rotation.Rotation>(Rotation.join, [])
  return { now: machine.now, state: { ...machine.state, rotation } }
}

describe("SharedAdmission", () => {
  it("takes the member of a process at a time, and leaves the others theirs", () => {
    const { now, state } = start("a", "b", "c", "d")
    const free = 10
    let next = state
    const counts = ["c", "a", "d", "b"].map((process) => {
      const [{ ids }, after] = decide({ ...asking, process }, config, next, now)
      next = after
      return ids.length
    })
    assert.deepStrictEqual(counts, [2, 3, 2, 3])
    assert.strictEqual(
      counts.reduce((a, b) => a + b),
      free,
    )
  })

  it("takes the permit of another that does not come", () => {
    const { now, state } = start("a", "b")
    const b = { ...asking, process: "b" }
    const [first, after] = decide({ ...b, callers: 5 }, config, state, now)
    assert.lengthOf(first.ids, 5)
    const [wait, waiting] = decide(b, config, after, now)
    assert.deepStrictEqual(wait, { ids: [], untilMs: now + 6, leftSince: now })
    const late = decide({ ...b, leftSince: now }, config, waiting, now + 6)[0]
    assert.lengthOf(late.ids, 1)
  })

  it("looks at the state again when the response that all wait for can be known", () => {
    const { now, state } = start()
    const [, scouting] = decide({ ...asking, process: "a", callers: 11 }, config, state, now)
    const [{ ids, untilMs }] = decide({ ...asking, process: "b" }, config, scouting, now + 1)
    assert.lengthOf(ids, 0)
    assert.isBelow(untilMs - now, 100)
  })

  it("looks at it again then when the gate has opened for a single request, too", () => {
    const { now, state } = start("a", "b")
    const opened = { ...state, gate: { untilMs: now } }
    const [, scouting] = decide({ ...asking, process: "a" }, config, opened, now)
    const [{ ids, untilMs }] = decide({ ...asking, process: "b" }, config, scouting, now + 1)
    assert.lengthOf(ids, 0)
    assert.isBelow(untilMs - now, 100)
  })

  it("looks often for a late response if the next permits are for it, and rarely if they are for others", () => {
    const processes = Array.from({ length: 100 }, (_, index) => `p${index}`)
    const { now, state } = start()
    const [, taken] = decide({ ...asking, process: "a", callers: 11 }, config, state, now)
    const waiting = { ...taken, rotation: processes.reduce<Rotation.Rotation>(Rotation.join, []) }
    const late = now + 500
    const waits = processes.map(
      (process) => decide({ ...asking, process }, config, waiting, late)[0].untilMs - late,
    )
    assert.deepStrictEqual(waits.slice(0, 4), [31.25, 31.25, 31.25, 31.25])
    assert.isAtMost(Math.max(...waits), 1000)
    // 3,200 if all looked as often as the first
    const looksPerSecond = waits.reduce((sum, ms) => sum + 1000 / ms, 0)
    assert.isAtMost(looksPerSecond, 700)
  })
})
