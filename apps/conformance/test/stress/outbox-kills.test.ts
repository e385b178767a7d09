import { outbox } from "@aelyst/outbox"
import type { Existing } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, it } from "vitest"

import { campaign } from "../../src/outbox/Campaign.ts"
import { report } from "../../src/results/Figures.ts"

const kills = Number(process.env["AELYST_OUTBOX_KILLS"] ?? 34)
const seed = Number(process.env["AELYST_OUTBOX_SEED"] ?? 20_261)

/** Reads the file over a new connection, as it is after a kill. */
const integrityOf = (file: string): unknown => {
  const database = new DatabaseSync(file)
  try {
    return database.prepare("PRAGMA integrity_check").get()?.["integrity_check"]
  } finally {
    database.close()
  }
}

describe.concurrent("G1, an outbox of two processes on one file", () => {
  it.each<Existing>(["reject", "merge", "duplicate"])(
    `loses and doubles nothing in ${kills} kills and pauses (%s)`,
    async (existing) => {
      const directory = mkdtempSync(join(tmpdir(), "aelyst-outbox-"))
      const file = join(directory, "outbox.db")
      const found: Array<unknown> = []
      try {
        const { accepted, broken } = await campaign({
          existing,
          kills,
          seed,
          rows: { file },
          reader: () => outbox({ file }),
          afterKill: () => found.push(integrityOf(file)),
        })
        report({
          counts: {
            "SQLite: kills and pauses": kills,
            "SQLite: accepted contacts": accepted,
            "SQLite: rules broken": broken.length,
          },
        })
        expect(new Set(found)).toEqual(new Set(["ok"]))
        expect(accepted).toBeGreaterThan(kills)
        expect(broken).toEqual([])
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    },
  )
})
