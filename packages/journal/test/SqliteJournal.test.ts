import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { join } from "node:path"

import * as SqliteRuns from "../src/SqliteRuns.ts"
import { journalSuite } from "./journalSuite.ts"
import { temporaryDirectory } from "./runs.ts"

describe("SqliteJournal", () => {
  journalSuite({
    runs: Effect.map(temporaryDirectory, (directory) =>
      SqliteRuns.make({ directory: join(directory, "runs") }),
    ),
    advance: TestClock.adjust,
  })
})
