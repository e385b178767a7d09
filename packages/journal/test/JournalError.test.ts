import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

import type { JournalReason } from "../src/JournalError.ts"
import { JournalError } from "../src/JournalError.ts"

describe("JournalError", () => {
  it("says where, what is wrong and what to do", () => {
    const error = new JournalError({
      reason: "full",
      path: "/state/runs/run.db",
      detail: "SQLite error 13",
    })
    assert.strictEqual(
      error.message,
      "/state/runs/run.db: the disk is full (SQLite error 13). Free some space, then resume the run.",
    )
    assert.strictEqual(error.problem, "the disk is full (SQLite error 13)")
    assert.strictEqual(error.advice, "Free some space, then resume the run.")
    assert.strictEqual(error._tag, "JournalError")
  })

  it("has every reason in the README, with its problem and what to do", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    const table = readme.slice(readme.indexOf("## Errors"))
    const listed = [...table.matchAll(/^\| `(\w+)` *\| (.+?) *\| (.+?) *\|$/gm)]
    // its type has exactly the reasons
    const reasons: Record<JournalReason, true> = {
      locked: true,
      full: true,
      io: true,
      read_only: true,
      corrupt: true,
      newer_version: true,
      not_a_journal: true,
      deleted: true,
      replaced: true,
      unsafe: true,
      no_locks: true,
      too_many_files: true,
      unsupported: true,
      not_found: true,
      ambiguous: true,
      other_input: true,
      not_planned: true,
      already_planned: true,
      claimed: true,
      fenced: true,
      wrong_state: true,
      paused: true,
      cancelled: true,
      unreadable: true,
      denied: true,
      sql_error: true,
      unavailable: true,
    }
    assert.deepStrictEqual(
      listed.slice(1).map(([, reason, problem, advice]) => ({ reason, problem, advice })),
      Object.keys(reasons).map((reason) => {
        // safe: a key of the record above
        const { advice, problem } = new JournalError({ reason: reason as JournalReason, path: "" })
        return { reason, problem: problem[0]?.toUpperCase() + problem.slice(1), advice }
      }),
    )
  })
})
