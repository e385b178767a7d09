/**
 * Runs campaigns that are suites of tests, and writes their results to docs/reliability:
 * `node apps/conformance/src/results/main.ts <campaign> …`. Some need the system's programs, and some take an hour on an idle
 * machine. Run `npm run build` first.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { sumOf, variable } from "./Figures.ts"
import { writeResult } from "./Result.ts"

/** The reports of each kind of suite, below `.vitest`. */
const reports = { package: "results.json", stress: "stress.json", system: "system.json" } as const
type Kind = keyof typeof reports

interface Campaign {
  readonly folder: string
  /** The files of each kind of suite. */
  readonly suites: Readonly<Partial<Record<Kind, ReadonlyArray<string>>>>
  readonly seeds: string
  readonly env?: Readonly<Record<string, string>>
}

const conformance = "apps/conformance"

const campaigns: Readonly<Record<string, Campaign>> = {
  scenarios: {
    folder: conformance,
    suites: { package: ["scenarios-", "contract", "server-"] },
    seeds: "none: every script is fixed",
  },
  "wire-faults": {
    folder: conformance,
    suites: { package: ["network-", "redirects"], stress: ["network-"] },
    seeds: "fixed in the tests",
  },
  "shared-limit": {
    folder: conformance,
    suites: { system: ["shared-limit-"] },
    seeds: "fixed in the tests",
  },
  "outbox-kills": {
    folder: conformance,
    suites: { stress: ["outbox-kills"], system: ["outbox-postgres"] },
    seeds: "20261",
    // on Postgres fewer: each eleventh round crashes the database
    env: {
      AELYST_OUTBOX_KILLS: "340",
      AELYST_OUTBOX_POSTGRES_KILLS: "70",
      AELYST_OUTBOX_SEED: "20261",
    },
  },
  "spoiled-files": {
    folder: "packages/import",
    suites: { stress: ["Read"] },
    seeds: "1,000,000 to 1,199,999",
  },
  schedules: {
    folder: "packages/import",
    suites: { stress: ["Schedules"] },
    seeds: "1 to 10,000",
    env: { AELYST_SCHEDULES: "10000" },
  },
  "power-cuts": {
    folder: "packages/journal",
    suites: { system: ["PowerCut"] },
    seeds: "100000",
    env: { AELYST_POWER_CUTS: "100000" },
  },
  "damaged-journals": {
    folder: "packages/journal",
    suites: { package: ["Verify", "RowStatements"] },
    seeds: "fixed in the tests",
    // of each of four kinds
    env: { AELYST_JOURNAL_DAMAGES: "25000", AELYST_JOURNAL_SEQUENCES: "2000" },
  },
}

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Runs files of a kind of suite; returns how many tests passed and failed. */
const runSuite = (
  campaign: Campaign,
  kind: Kind,
  files: ReadonlyArray<string>,
  scratch: string,
): readonly [passed: number, failed: number] => {
  const output = join(root, campaign.folder, ".vitest", reports[kind])
  rmSync(output, { force: true })
  const done = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      `--config=../../vitest.${kind}.config.ts`,
      "--testTimeout=7200000",
      ...files,
    ],
    {
      cwd: join(root, campaign.folder),
      env: { ...process.env, ...campaign.env, [variable]: join(scratch, "figures") },
      stdio: "inherit",
    },
  )
  // safe: vitest writes these members
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(
    readFileSync(output, "utf8"),
  ) as Record<string, number>
  const failed = Math.max(numFailedTests ?? 0, numFailedTestSuites ?? 0)
  return [numPassedTests ?? 0, failed === 0 && done.status !== 0 ? 1 : failed]
}

const asked = process.argv.slice(2)
for (const name of asked) {
  const campaign = campaigns[name]
  if (campaign === undefined) {
    console.error(`no campaign ${name}; there are ${Object.keys(campaigns).join(", ")}`)
    process.exitCode = 2
    break
  }
  const scratch = mkdtempSync(join(tmpdir(), "aelyst-campaign-"))
  const began = Date.now()
  let [tests, problems] = [0, 0]
  try {
    for (const kind of ["package", "stress", "system"] as const) {
      const files = campaign.suites[kind]
      if (files === undefined) continue
      const [passed, failed] = runSuite(campaign, kind, files, scratch)
      tests += passed + failed
      problems += failed
    }
    const { counts, controls } = sumOf(join(scratch, "figures"))
    const command = `node apps/conformance/src/results/main.ts ${name}`
    writeResult(name, {
      began,
      command,
      seeds: campaign.seeds,
      problems,
      counts: { tests, ...counts },
      controls,
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (problems > 0) process.exitCode = 1
}
