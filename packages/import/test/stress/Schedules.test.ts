import { describe, it } from "@effect/vitest"

import { Effect } from "effect"

import { report } from "../../../../apps/conformance/src/results/Figures.ts"
import { runSchedule } from "../schedules.ts"

const inTest = 500
/** All of them take a quarter of an hour. */
const schedules = Number(process.env["AELYST_SCHEDULES"] ?? 1_500)

describe("F12: an import", () => {
  for (let first = 1; first <= schedules; first += inTest) {
    it.effect(
      `accounts for every row on the schedules ${first} to ${first + inTest - 1}`,
      () =>
        Effect.forEach(
          Array.from({ length: inTest }, (_, index) => first + index),
          (seed) =>
            Effect.catchDefect(runSchedule(seed), (defect) =>
              Effect.die(new Error(`schedule ${seed}`, { cause: defect })),
            ),
          { discard: true },
        ).pipe(Effect.tap(() => Effect.sync(() => report({ counts: { schedules: inTest } })))),
      // only stops a test that hangs
      3_600_000,
    )
  }
})
