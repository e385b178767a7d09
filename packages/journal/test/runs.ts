/** Shared by the tests of journals: facts of a run, rows, and directories that are removed at the end. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { JournalService, PlannedRow, RowKey, RunFacts } from "../src/Journal.ts"

export const facts: RunFacts = {
  input: { sha256: "0a".repeat(32), bytes: 120, mapping: "firstName=1" },
  origin: "https://api.example.test",
  tokenClass: "account-1",
  delivery: "natural-key",
  tool: "test 1.0.0",
  options: { file: "leads.csv" },
}

/** Facts of another file. */
export const otherFile = (sha256: string): RunFacts => ({
  ...facts,
  input: { ...facts.input, sha256 },
})

export const keyOf = (number: number): string => `email:person${number}@example.test`
export const contentOf = (number: number): string => `{"firstName":"Person ${number}"}`

/** The row of a plan that sends person `person`, by default at the place of the same number. */
export const ready = (person: number, number = person, content = contentOf(person)) =>
  ({ state: "ready", number, line: number + 1, key: keyOf(person), content }) as const

export const rowKey = (person: number, content = contentOf(person)): RowKey => ({
  key: keyOf(person),
  content,
})

export const plan = (count: number): Stream.Stream<PlannedRow> =>
  Stream.map(Stream.range(1, count), (number) => ready(number))

const directoryIn = (parent: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(parent, "aelyst-journal-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
  )
/** A new directory that is removed when the scope ends. */
export const temporaryDirectory = directoryIn(tmpdir())
/** The same in memory if there is such a place, for tests that write thousands of files. */
export const memoryDirectory = directoryIn(existsSync("/dev/shm") ? "/dev/shm" : tmpdir())

/** Sends a row and ends it. */
export const send = (
  journal: JournalService,
  claim: Parameters<JournalService["intent"]>[0],
  person: number,
  outcome: Parameters<JournalService["outcome"]>[2]["outcome"] = "created",
) =>
  Effect.andThen(
    journal.intent(claim, keyOf(person), 1),
    journal.outcome(claim, keyOf(person), {
      outcome,
      status: outcome === "created" ? 200 : undefined,
      attempts: [{ number: 1, phase: "answered", status: 200 }],
    }),
  )

/** The rows of a journal as `number state` with `?` for doubt. */
export const shown = (journal: JournalService) =>
  Effect.map(Stream.runCollect(journal.rows()), (rows) =>
    rows.map(({ doubt, number, state }) => `${number} ${state}${doubt ? "?" : ""}`),
  )
