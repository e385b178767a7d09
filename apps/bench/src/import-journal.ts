/** Measures what the journal costs per row, one row after the other as at a low rate, next to two bare durable writes. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Runs, SqliteRuns, attemptGate } from "@aelyst/journal"
import type { PlannedRow } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { bareTable } from "./outbox-locations.ts"
import type { Measured } from "./results.ts"
import { quantile } from "./statistics.ts"

/** The time of one row at 10 per second. */
const slotMs = 100

const facts = {
  input: { sha256: "0".repeat(64), bytes: 1, mapping: "" },
  origin: "http://127.0.0.1",
  tokenClass: "bench",
  delivery: "natural-key",
  tool: "bench",
} as const

const textOf = (number: number) => ({
  key: `email:person.${number}@example.com`,
  content: JSON.stringify({ firstName: `Person ${number}`, countryCode: "MY" }),
})

interface Cost {
  /** The time of each row until its end is durable, in milliseconds. */
  readonly rowMs: ReadonlyArray<number>
  /** CPU time of all rows, in milliseconds. */
  readonly cpuMs: number
}

/** Notes the time of each row, and the CPU time of all. */
class Watch {
  readonly #rowMs: Array<number> = []
  readonly #cpu = process.cpuUsage()
  #at = performance.now()

  lap(): void {
    const now = performance.now()
    this.#rowMs.push(now - this.#at)
    this.#at = now
  }

  get cost(): Cost {
    const { system, user } = process.cpuUsage(this.#cpu)
    return { rowMs: this.#rowMs, cpuMs: (system + user) / 1000 }
  }
}

const journaled = (directory: string, rows: number) =>
  Effect.gen(function* () {
    const runs = yield* Runs
    const { journal } = yield* runs.start(facts)
    const planned = Stream.map(Stream.range(1, rows), (number): PlannedRow => ({
      state: "ready",
      number,
      line: number + 1,
      ...textOf(number),
    }))
    const planning = new Watch()
    yield* journal.plan(planned)
    planning.lap()
    const plan = planning.cost
    const claim = yield* journal.claim()
    const gate = attemptGate(journal, () => claim)
    const sending = new Watch()
    for (let number = 1; number <= rows; number++) {
      const text = textOf(number)
      yield* journal.lookup([text])
      yield* gate.before({ number: 1, key: text.key })
      yield* journal.outcome(claim, text.key, {
        outcome: "created",
        status: 200,
        attempts: [{ number: 1, phase: "answered", status: 200 }],
      })
      sending.lap()
    }
    const sent = sending.cost
    const { created } = yield* journal.counts
    if (created !== rows) throw new Error(`the journal has ${created} of ${rows} rows`)
    return { plan, sent }
  }).pipe(Effect.scoped, Effect.provide(SqliteRuns.layer({ directory })))

const bare = async (file: string, rows: number): Promise<Cost> => {
  const { close, end, insert } = bareTable(file)
  const watch = new Watch()
  for (let number = 1; number <= rows; number++) {
    const { content, key } = textOf(number)
    await end(Number(await insert(key, content)))
    watch.lap()
  }
  const { cost } = watch
  await close()
  return cost
}

const sum = (values: ReadonlyArray<number>): number =>
  values.reduce((total, value) => total + value, 0)

/** Measures the journal, and the bare writes. */
export const journalCost = async (rows: number): Promise<Required<Measured>> => {
  const directory = await mkdtemp(join(tmpdir(), "aelyst-bench-"))
  try {
    const twice = await bare(join(directory, "bare.db"), rows)
    const { plan, sent } = await Effect.runPromise(journaled(directory, rows))
    const all = { rowMs: [...plan.rowMs, ...sent.rowMs], cpuMs: plan.cpuMs + sent.cpuMs }
    const rowFor = (name: string, { cpuMs, rowMs }: Cost) => {
      const ms = sum(rowMs) / rows
      return [
        name,
        `${ms.toFixed(3)} ms`,
        rowMs.length === rows ? `${quantile(rowMs, 0.99).toFixed(3)} ms` : "",
        `${(cpuMs / rows).toFixed(3)} ms`,
        (sum(rowMs) / sum(twice.rowMs)).toFixed(2),
        `${((ms / slotMs) * 100).toFixed(2)} %`,
      ]
    }
    const table = {
      head: [
        `${rows.toLocaleString("en")} rows, one after the other`,
        "mean per row",
        "99th percentile",
        "CPU time",
        "time, ratio",
        "part of the slot at 10 per second",
      ],
      rows: [
        rowFor("two bare durable writes (`node:sqlite`)", twice),
        rowFor("journal: plan", plan),
        rowFor("journal: look up, intent and end", sent),
        rowFor("journal, all", all),
      ],
    }
    const part = (100 * sum(all.rowMs)) / rows / slotMs
    return {
      blocks: [table],
      goals: [
        {
          name: "journal, part of the slot at 10 per second",
          value: part,
          atMost: 1,
          unit: "%",
        },
      ],
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
