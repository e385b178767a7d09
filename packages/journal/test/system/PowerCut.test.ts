import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { join } from "node:path"

import { report } from "../../../../apps/conformance/src/results/Figures.ts"
import { SqliteJournal } from "../../src/SqliteJournal.ts"
import { facts, memoryDirectory } from "../runs.ts"
import { Disk, recordWriter } from "./powerCut.ts"

/** How many disks are looked at; the controls look at three for each system call. */
const wanted = Number(process.env["AELYST_POWER_CUTS"] ?? 3_000)
const rowCount = 40

interface Violations {
  /** Planned rows that are gone. */
  plan: number
  /** Requests that left, and of which the journal knows nothing. */
  sent: number
  /** Reported outcomes that are gone. */
  done: number
  /** Journals that cannot be opened, or that contradict themselves. */
  corrupt: number
}

/** The same random numbers each time. */
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

/** Cuts a write off between two sectors, or in the only sector; a disk writes from either end. */
const torn = (next: () => number, length: number): readonly [number, number] => {
  const unit = length < 512 ? 1 : 512
  const at = Math.floor((next() * length) / unit) * unit
  return next() < 0.5 ? [0, at] : [at, length]
}

const create = () => ({ ...facts, id: "r_TEST", createdAt: 0 })

/** Opens a journal after a power cut, and compares it with the markers of before. */
const judge = (path: string, told: ReadonlySet<string>, violations: Violations) =>
  Effect.gen(function* () {
    const journal = yield* SqliteJournal.open(path, { create })
    const rows = yield* Stream.runCollect(journal.rows())
    if (told.has("PLANNED") && rows.length !== rowCount) violations.plan += 1
    for (let number = 1; number <= rowCount; number += 1) {
      const row = rows[number - 1]
      if (told.has(`DONE ${number}`)) violations.done += Number(row?.state !== "created")
      else if (told.has(`SENT ${number}`)) violations.sent += Number(row?.attempts !== 1)
    }
    if (!(yield* journal.verify).isSound) violations.corrupt += 1
  }).pipe(
    Effect.scoped,
    Effect.catch(() =>
      Effect.sync(() => {
        violations.corrupt += 1
      }),
    ),
  )

const replay = Effect.fnUntraced(function* (
  synchronous: "FULL" | "NORMAL" | "OFF",
  states: number,
) {
  const directory = yield* memoryDirectory
  const events = recordWriter(directory, synchronous, rowCount)
  const next = random(states)
  const violations: Violations = { plan: 0, sent: 0, done: 0, corrupt: 0 }
  const disk = new Disk()
  const told = new Set<string>()
  const image = join(directory, "image")
  const each = Math.max(3, Math.ceil(states / events.length))
  let seen = 0
  for (const event of events) {
    disk.apply(event)
    if (event.kind === "mark") told.add(event.text)
    for (let index = 0; index < each; index += 1) {
      const keeps = () => (index < 2 ? index === 1 : next() < 0.5)
      const tear = (length: number) => (index < 2 ? ([0, length] as const) : torn(next, length))
      disk.cut(image, keeps, tear)
      yield* judge(join(image, "run.db"), told, violations)
      seen += 1
    }
  }
  return { seen, violations, told }
}, Effect.scoped)

describe("a power cut between any two system calls", () => {
  it.live(
    "K5: loses no plan, no intent and no outcome; without syncs it does",
    () =>
      Effect.gen(function* () {
        const full = yield* replay("FULL", wanted)
        const normal = yield* replay("NORMAL", 0)
        const off = yield* replay("OFF", 0)
        const { plan, sent, done, corrupt } = full.violations
        report({
          counts: { "states of the disk": full.seen, "rules broken": plan + sent + done + corrupt },
          controls: {
            "synchronous=NORMAL, intents lost": normal.violations.sent,
            "synchronous=NORMAL, outcomes lost": normal.violations.done,
            "no syncs, intents lost": off.violations.sent,
            "no syncs, outcomes lost": off.violations.done,
          },
        })
        assert.strictEqual(full.told.size, 1 + 2 * rowCount)
        assert.isAtLeast(full.seen, wanted)
        assert.deepStrictEqual(full.violations, { plan: 0, sent: 0, done: 0, corrupt: 0 })
        for (const control of [normal, off]) {
          assert.isAbove(control.violations.sent, 0)
          assert.isAbove(control.violations.done, 0)
        }
      }),
    3_600_000,
  )
})
