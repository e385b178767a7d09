import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import { hasDamage } from "../src/WalCheck.ts"
import { read, record } from "./damage.ts"
import { memoryDirectory } from "./runs.ts"

/** The header of a WAL, the header of a frame, and a frame, in bytes. */
const [header, frameHeader, frame] = [32, 24, 4_120]

/** Returns how many frames the first commit has. */
const firstCommit = (wal: Buffer): number => {
  let frames = 1
  while (wal.readUInt32BE(header + (frames - 1) * frame + 4) === 0) frames += 1
  return frames
}

/** Returns a WAL that was moved into its file, the file, and the header with which the WAL is written again. */
const restart = (path: string, { db, wal }: { readonly db: Buffer; readonly wal: Buffer }) => {
  writeFileSync(path, db, { mode: 0o600 })
  writeFileSync(`${path}-wal`, wal, { mode: 0o600 })
  using database = new DatabaseSync(path)
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_checkpoint(RESTART)")
  const [moved, older] = [readFileSync(path), readFileSync(`${path}-wal`)]
  database.exec("BEGIN IMMEDIATE; UPDATE run SET epoch = epoch + 1; COMMIT")
  return { db: moved, wal: older, header: readFileSync(`${path}-wal`).subarray(0, header) }
}

describe("WalCheck", () => {
  it.effect("finds damage that commits follow, and takes a torn end for a power cut", () =>
    Effect.gen(function* () {
      const { db, wal } = yield* record(false)
      const path = join(yield* memoryDirectory, "run.db")
      writeFileSync(path, db)
      const isDamaged = (bytes: Buffer) => {
        writeFileSync(`${path}-wal`, bytes)
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
      for (let at = 0; at < header; at += 1) assert.isTrue(isDamaged(overwritten(at)))
      // zeros have the right sum, too
      const withoutStart = (size: number) => Buffer.concat([Buffer.alloc(size), wal.subarray(size)])
      for (const size of [header, 512, 4_096, header + frame])
        assert.isTrue(isDamaged(withoutStart(size)), `${size} zeros`)
      assert.isTrue(isDamaged(withoutStart(512).subarray(0, header + frame)))
      // a file that a power cut left before anything was synced
      assert.isFalse(isDamaged(Buffer.alloc(wal.length)))
      // the only commit, though its frames are sound
      assert.isTrue(isDamaged(overwritten(20).subarray(0, header + firstCommit(wal) * frame)))
      // frames of before the last checkpoint have another salt
      const older = Buffer.from(wal)
      for (let index = 4; index < frames; index += 1)
        older.writeUInt32BE(7, header + index * frame + 8)
      assert.isFalse(isDamaged(older))
    }),
  )
  it.effect("K5: opens a file that has everything of a WAL whose header was torn", () =>
    Effect.gen(function* () {
      const directory = yield* memoryDirectory
      const recorded = yield* record(false)
      const again = restart(join(directory, "other.db"), recorded)
      const path = join(directory, "run.db")
      for (let at = 0; at <= header; at += 1) {
        const isOld = (index: number) => index < at
        for (const keepsOld of [isOld, (index: number) => !isOld(index)]) {
          const torn = Buffer.from(again.wal)
          for (let index = 0; index < header; index += 1)
            if (!keepsOld(index)) torn.writeUInt8(again.header.readUInt8(index), index)
          rmSync(`${path}-wal`, { force: true })
          writeFileSync(path, again.db, { mode: 0o600 })
          writeFileSync(`${path}-wal`, torn, { mode: 0o600 })
          const found = yield* read(path)
          assert.deepStrictEqual(found, { rows: recorded.states.at(-1) ?? "", problems: [] })
        }
      }
    }),
  )

  it.effect("keeps a WAL that is damaged, and refuses it each time", () =>
    Effect.gen(function* () {
      const { db, wal } = yield* record(false)
      const path = join(yield* memoryDirectory, "run.db")
      for (const at of [3, 30, header + frameHeader + 100]) {
        const damaged = Buffer.from(wal)
        damaged.writeUInt8(damaged.readUInt8(at) ^ 0xff, at)
        writeFileSync(path, db, { mode: 0o600 })
        writeFileSync(`${path}-wal`, damaged, { mode: 0o600 })
        for (let time = 0; time < 2; time += 1)
          assert.deepStrictEqual(yield* read(path), { reason: "corrupt" })
        assert.isTrue(readFileSync(`${path}-wal`).equals(damaged))
        assert.isTrue(readFileSync(path).equals(db))
      }
    }),
  )
})
