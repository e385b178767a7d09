/**
 * Measures an import: resuming it, its speed with and without a journal, its time at a limit, and the cost of the journal. The
 * first three run the built command against the sandbox, whose ledger is what counts. `node src/import.ts 0.02` takes a look
 * with a fiftieth of the rows.
 */
import { fileURLToPath } from "node:url"

import { journalCost } from "./import-journal.ts"
import { limited, unlimited } from "./import-rate.ts"
import { resume } from "./import-resume.ts"
import type { Measured } from "./results.ts"

/** The number of rows of each part, and the rounds of those that are repeated. */
export interface ImportSizes {
  readonly resumed: number
  readonly unlimited: number
  readonly rounds: number
  readonly limited: number
  readonly limitedRounds: number
  readonly journaled: number
}

/** Measures all of it, one thing at a time. */
export const importing = async (sizes: ImportSizes): Promise<Measured> => {
  const parts = [
    await resume(sizes.resumed),
    await unlimited(sizes.unlimited, sizes.rounds),
    await limited(sizes.limited, sizes.limitedRounds),
    await journalCost(sizes.journaled),
  ]
  return {
    blocks: parts.flatMap(({ blocks }) => blocks),
    goals: parts.flatMap(({ goals }) => goals),
  }
}

/** The sizes whose tables are published. */
export const fullSizes: ImportSizes = {
  resumed: 100_000,
  unlimited: 20_000,
  rounds: 5,
  limited: 2_000,
  limitedRounds: 3,
  journaled: 5_000,
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const part = Number(process.argv[2] ?? 0.02)
  // several windows of the limiter at least
  const rows = (full: number) => Math.max(300, Math.round(full * part))
  const measured = await importing({
    resumed: rows(fullSizes.resumed),
    unlimited: rows(fullSizes.unlimited),
    rounds: 1,
    limited: rows(fullSizes.limited),
    limitedRounds: 1,
    journaled: rows(fullSizes.journaled),
  })
  console.log(JSON.stringify(measured, undefined, 2))
}
