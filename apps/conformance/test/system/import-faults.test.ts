/** Faults around the command that imports: descriptors (P8), the disk (K1), and an API that is killed and comes back (N19, S10). */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"

import * as Ports from "../../src/network/Ports.ts"
import { concurrency } from "../../src/torture/Campaign.ts"
import type { Report } from "../../src/torture/Campaign.ts"
import { runKilled } from "../../src/torture/KilledProcess.ts"
import { rejecting, startSandbox } from "../../src/torture/SandboxProcess.ts"
import type { Mode } from "../../src/torture/Series.ts"
import { disturb, modes } from "../../src/torture/Series.ts"
import { commandTarget, withFewFiles, withFullDisk } from "../../src/torture/Target.ts"
import { identifierOf, kindOf } from "../../src/torture/TortureRows.ts"

// only stops tests that hang
const timeout = 600_000
const command = commandTarget()

describe("P8, an import in a process that may have 40 files open", () => {
  it(
    "sends each row once, when there is a free one",
    async () => {
      const sandbox = { latencyMs: 200, faults: [rejecting] }
      const { causes, problems } = await disturb(withFewFiles(await command, 40), {
        rows: 60,
        sandbox,
      })
      assert.deepStrictEqual(problems, [])
      assert.isTrue(causes.has("EMFILE"))
    },
    timeout,
  )
})

describe("K1, an import whose disk is full", () => {
  it(
    "sends nothing that it cannot record, and is exact when there is space again",
    async () => {
      const { problems } = await disturb(withFullDisk(await command, 500), {
        rows: 1_000,
        isCut: true,
        sandbox: { faults: [rejecting] },
      })
      assert.deepStrictEqual(problems, [])
    },
    timeout,
  )
})

/** Imports rows while the server is killed in the middle, and comes back with the contacts that it had stored. */
const outlive = async (mode: Mode, rows: number) => {
  const folder = mkdtempSync(join(tmpdir(), "aelyst-outage-"))
  const { delivery, existing } = mode
  const kept = { data: join(folder, "contacts.jsonl"), existing }
  const start = (port: number) => startSandbox({ ...kept, port, faults: [rejecting] })
  try {
    const { port, started: first } = await Ports.onOwn(start)
    const { baseUrl } = first
    const input = {
      baseUrl,
      concurrency,
      delivery,
      directory: join(folder, "runs"),
      doubtDelayMs: 1_000,
      rows,
    }
    const { commandOf, environment } = await command
    const env = environment(input, folder)
    const running = runKilled(commandOf(input, folder), env, { at: "never" }, first)
    await first.afterRequests(40)
    await first[Symbol.asyncDispose]()
    // until several requests have found no server
    await sleep(1_000)
    const second = await start(port)
    const { errors, exitCode, lines } = await running
    await second[Symbol.asyncDispose]()
    const stored = Sandbox.inProcess(kept)
    const keys = stored.contacts().map(({ key }) => key)
    await stored.close()
    const printed = lines.map((line) => JSON.parse(line))
    const summary = printed.pop()
    const outcomes = new Map(
      printed.map(({ outcome, row }: Report): [number, string] => [row, outcome]),
    )
    return { errors, exitCode, keys, outcomes, summary }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.concurrent("an import whose server is killed and comes back", () => {
  const rows = 120
  for (const mode of modes) {
    const { delivery, existing } = mode
    it(
      `accounts for every row: ${existing}, ${delivery}`,
      async () => {
        const { errors, exitCode, keys, outcomes, summary } = await outlive(mode, rows)
        // rejected and invalid rows are among them
        assert.strictEqual(exitCode, 9, errors)
        assert.deepInclude(summary, { rows, stopped: "completed", not_sent: 0 })
        assert.strictEqual(outcomes.size, rows)
        let unknown = 0
        for (let row = 1; row <= rows; row += 1) {
          const kind = kindOf(row)
          const outcome = outcomes.get(row)
          if (kind === "invalid" || kind === "duplicate" || kind === "rejected") {
            assert.strictEqual(outcome, kind)
            continue
          }
          const times = keys.filter((key) => key === identifierOf(row)).length
          if (outcome === "unknown") unknown += 1
          else assert.include(["created", "exists_after_doubt"], outcome, `row ${row}`)
          assert.isAtMost(times, 1, `row ${row}`)
          if (outcome !== "unknown") assert.strictEqual(times, 1, `row ${row}`)
        }
        // only requests that were in flight as it died, and none if the API can be asked again
        assert.isAtMost(unknown, delivery === "natural-key" ? 0 : concurrency)
      },
      timeout,
    )
  }
})
