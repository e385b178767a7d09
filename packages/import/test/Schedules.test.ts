import { describe, it } from "@effect/vitest"

import { Effect } from "effect"

import { runSchedule } from "./schedules.ts"

describe("F12: an import", () => {
  it.effect("accounts for every row on any schedule", () =>
    Effect.forEach(
      Array.from({ length: 40 }, (_, index) => index + 1),
      (seed) =>
        Effect.catchDefect(runSchedule(seed), (defect) =>
          Effect.die(new Error(`schedule ${seed}`, { cause: defect })),
        ),
      { discard: true },
    ),
  )
})
