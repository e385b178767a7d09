import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { createPrivateFile } from "../src/PrivateFile.ts"
import { temporaryDirectory } from "./runs.ts"

describe("createPrivateFile", () => {
  it.effect("creates a file for its owner only, once", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "some.db")
      const umask = process.umask(0)
      assert.isTrue(createPrivateFile(path))
      process.umask(umask)
      if (process.platform !== "win32") assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      writeFileSync(path, "kept")
      assert.isFalse(createPrivateFile(path))
      assert.strictEqual(readFileSync(path, "utf8"), "kept")
      assert.throws(() => createPrivateFile(join(path, "some.db")), /ENOTDIR/)
    }),
  )
})
