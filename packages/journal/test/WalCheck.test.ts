import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { hasDamage } from "../src/WalCheck.ts"
import { record } from "./damage.ts"
import { memoryDirectory } from "./runs.ts"

/** The header of a WAL, the header of a frame, and a frame, in bytes. */
const [header, frameHeader, frame] = [32, 24, 4_120]

describe("WalCheck", () => {
  it.effect("finds damage that commits follow, and takes a torn end for a power cut", () =>
    Effect.gen(function* () {
      const { wal } = yield* record(false)
      const path = join(yield* memoryDirectory, "run.db-wal")
      const isDamaged = (bytes: Buffer) => {
        writeFileSync(path, bytes)
        return hasDamage(path)
      }
      const overwritten = (at: number) => {
        const copy = Buffer.from(wal)
        copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at)
        return copy
      }
      const frames = (wal.length - header) / frame
      assert.isAbove(frames, 20)
      assert.isFalse(isDamaged(wal))
      assert.isFalse(isDamaged(Buffer.alloc(0)))
      assert.isFalse(isDamaged(wal.subarray(0, wal.length - 1_000)))
      assert.isFalse(isDamaged(overwritten(wal.length - 7)))
      assert.isTrue(isDamaged(overwritten(header + frameHeader + 100)))
      assert.isTrue(isDamaged(overwritten(3)))
      // frames of before the last checkpoint have another salt
      const older = Buffer.from(wal)
      for (let index = 4; index < frames; index += 1)
        older.writeUInt32BE(7, header + index * frame + 8)
      assert.isFalse(isDamaged(older))
    }),
  )
})
