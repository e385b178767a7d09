import { outbox } from "@aelyst/outbox"
import type { Existing } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"

import type { Worker } from "../../src/outbox/Fleet.ts"
import { Fleet } from "../../src/outbox/Fleet.ts"
import { judge } from "../../src/outbox/Ledger.ts"
import { source } from "../../src/pacing/Random.ts"

const kills = Number(process.env["AELYST_OUTBOX_KILLS"] ?? 34)
const seed = Number(process.env["AELYST_OUTBOX_SEED"] ?? 20_261)
const leaseMs = 2_000

/** Whether the file is sound after a kill: another connection reads it. */
const integrityOf = (file: string): unknown => {
  const database = new DatabaseSync(file)
  try {
    return database.prepare("PRAGMA integrity_check").get()?.["integrity_check"]
  } finally {
    database.close()
  }
}

describe.each<Existing>(["reject", "merge", "duplicate"])(
  "G1, an outbox of two processes, %s",
  (existing) => {
    it(`loses nothing and doubles nothing in ${kills} kills and pauses`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "aelyst-outbox-"))
      const file = join(directory, "outbox.db")
      const sandbox = await Sandbox.start({
        existing,
        limit: 100_000,
        latencyMs: [5, 60],
        faults: [
          { preset: "drop-after", probability: 0.02 },
          { status: 500, probability: 0.02 },
          { status: 429, retryAfter: 0, probability: 0.03 },
        ],
      })
      const fleet = new Fleet({
        baseUrl: sandbox.baseUrl,
        token: sandbox.tokens.ok,
        file,
        delivery: "natural-key",
        leaseMs,
        doubtDelayMs: 1_000,
      })
      const random = source(seed)
      try {
        await Promise.all([fleet.start(), fleet.start()].map(({ ready }) => ready))
        const pick = (): Worker => {
          const worker = fleet.workers[Math.floor(random() * fleet.workers.length)]
          if (worker === undefined) throw new Error("no process is left")
          return worker
        }
        let submitted = 0
        for (let round = 0; round < kills; round++) {
          for (let n = 0; n < 12; n++) fleet.send(pick(), { accept: `id:${++submitted}` })
          await sleep(random() * 250)
          const victim = pick()
          if (round % 8 === 7) {
            // longer than the lease: the other process takes over, then this one wakes
            victim.process.kill("SIGSTOP")
            await sleep(leaseMs * 1.5)
            victim.process.kill("SIGCONT")
            continue
          }
          await fleet.kill(victim)
          expect(integrityOf(file)).toBe("ok")
          const next = fleet.start()
          // sometimes the next one is killed while it starts
          if (round % 5 !== 4) await next.ready
        }
        const last = fleet.start()
        await last.ready
        for (const worker of fleet.workers.filter((one) => one !== last)) await fleet.stop(worker)
        const reader = outbox({ file })
        while ((await reader.stats()).pending > 0) await sleep(50)
        await fleet.stop(last)
        const history = {
          existing,
          accepted: fleet.accepted,
          ended: fleet.ended,
          entries: await reader.list({ limit: 1_000_000 }),
          ledger: sandbox.ledger(),
        }
        expect(await reader.verify()).toEqual([])
        await reader.close()
        expect(fleet.accepted.size).toBeGreaterThan(kills)
        expect(judge(history)).toEqual([])
      } finally {
        await fleet[Symbol.asyncDispose]()
        await sandbox.close()
        rmSync(directory, { recursive: true, force: true })
      }
    })
  },
)
