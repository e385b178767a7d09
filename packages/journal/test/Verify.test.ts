import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { report } from "../../../apps/conformance/src/results/Figures.ts"
import type { Recorded } from "./damage.ts"
import { read, record } from "./damage.ts"
import { memoryDirectory } from "./runs.ts"

/** How many damaged files are tried of each of four kinds. */
const tries = Number(process.env["AELYST_JOURNAL_DAMAGES"] ?? 500)

/** The same random numbers each time (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const flip = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(bit >>> 3) ^ (1 << (bit & 7)), bit >>> 3)
  return copy
}

/** Opens each damaged copy; returns the places in the history at which those were that opened, and the refusals. */
const open = Effect.fnUntraced(function* (
  { states }: Recorded,
  copies: Iterable<{ readonly db: Buffer; readonly wal: Buffer }>,
) {
  const path = join(yield* memoryDirectory, "run.db")
  const places: Array<number> = []
  const reasons = new Map<string, number>()
  for (const { db, wal } of copies) {
    rmSync(`${path}-wal`, { force: true })
    writeFileSync(path, db, { mode: 0o600 })
    if (wal.length > 0) writeFileSync(`${path}-wal`, wal, { mode: 0o600 })
    const found = yield* read(path)
    if ("reason" in found) reasons.set(found.reason, (reasons.get(found.reason) ?? 0) + 1)
    else places.push(states.indexOf(found.rows))
  }
  const refused = [...reasons.values()].reduce((sum, count) => sum + count, 0)
  report({
    counts: {
      "damaged files": places.length + refused,
      refused,
      "opened at a state they were in": places.filter((place) => place >= 0).length,
    },
  })
  return { places, reasons }
})

const allowed = new Set(["corrupt", "not_a_journal", "newer_version"])

describe("Verify", () => {
  it.effect("F11, K4: a closed file with a flipped bit is refused, or holds what it held", () =>
    Effect.gen(function* () {
      const recorded = yield* record(true)
      const next = random(1)
      const copies = Array.from({ length: tries }, () => ({
        db: flip(recorded.db, Math.floor(next() * recorded.db.length * 8)),
        wal: recorded.wal,
      }))
      const { places, reasons } = yield* open(recorded, copies)
      const last = recorded.states.length - 1
      assert.deepStrictEqual(
        places.filter((place) => place !== last),
        [],
      )
      for (const reason of reasons.keys()) assert(allowed.has(reason), reason)
      assert.isAbove(reasons.get("corrupt") ?? 0, 0)
    }),
  )

  it.effect(
    "F11, K4: a WAL with a flipped bit is refused, or lacks the last two commits at most",
    () =>
      Effect.gen(function* () {
        const recorded = yield* record(false)
        const next = random(2)
        const copies = Array.from({ length: tries }, () => ({
          db: recorded.db,
          wal: flip(recorded.wal, Math.floor(next() * recorded.wal.length * 8)),
        }))
        const { places, reasons } = yield* open(recorded, copies)
        const last = recorded.states.length - 1
        assert.deepStrictEqual(
          places.filter((place) => place < last - 2),
          [],
        )
        for (const reason of reasons.keys()) assert(allowed.has(reason), reason)
        assert.isAbove(reasons.get("corrupt") ?? 0, 0)
      }),
  )

  it.effect("F11, K4: a truncated WAL leaves a state that the journal was in", () =>
    Effect.gen(function* () {
      const recorded = yield* record(false)
      const step = Math.max(1, Math.floor(recorded.wal.length / tries))
      const copies = Array.from({ length: Math.ceil(recorded.wal.length / step) }, (_, index) => ({
        db: recorded.db,
        wal: recorded.wal.subarray(0, index * step),
      }))
      const { places, reasons } = yield* open(recorded, copies)
      assert.isFalse(places.includes(-1))
      assert.deepStrictEqual([...reasons], [])
      // never back: a longer WAL holds as much or more
      assert.deepStrictEqual(
        places,
        places.toSorted((a, b) => a - b),
      )
    }),
  )

  it.effect("F11, K4: a truncated file is refused, or holds what it held", () =>
    Effect.gen(function* () {
      const recorded = yield* record(true)
      const step = Math.max(1, Math.floor(recorded.db.length / tries))
      const copies = Array.from({ length: Math.ceil(recorded.db.length / step) }, (_, index) => ({
        db: recorded.db.subarray(0, index * step),
        wal: recorded.wal,
      }))
      const { places, reasons } = yield* open(recorded, copies)
      // the end of the last page may be unused
      const last = recorded.states.length - 1
      assert.deepStrictEqual(
        places.filter((place) => place !== last),
        [],
      )
      for (const reason of reasons.keys()) assert(allowed.has(reason), reason)
    }),
  )
})
