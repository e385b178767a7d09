import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { join } from "node:path"

import { networkDrive, networkDriveOf } from "../src/NetworkDrive.ts"
import { temporaryDirectory } from "./runs.ts"

describe("NetworkDrive", () => {
  for (const [type, name] of [
    [0x6969, "NFS"],
    [0xff534d42, "SMB"],
    [0xff534d42 | 0, "SMB"],
    [0x01021997, "9p"],
    [0xef53, undefined],
    [undefined, undefined],
  ] as const) {
    it(`calls the file system ${type} ${name}`, () => {
      assert.strictEqual(networkDriveOf(type), name)
    })
  }

  it.effect("asks the nearest directory that exists", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      assert.strictEqual(networkDrive(join(directory, "none", "deep", "run.db")), undefined)
      assert.strictEqual(networkDrive("/proc/none"), undefined)
    }),
  )
})
