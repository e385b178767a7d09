// Builds, type-checks, lints and tests everything through turbo, then adds up what the suites reported. With --system it
// runs only the tests that need a program of the system, with --stress only those that need an idle machine.
// The last line on stdout is `N passed, N failed`; other arguments are passed on to turbo.
import { spawnSync } from "node:child_process"
import { globSync, readFileSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
const args = process.argv.slice(2)
const suites = {
  "--system": { tasks: ["test:system"], report: "system" },
  // one suite at a time
  "--stress": { tasks: ["test:stress"], report: "stress", flags: ["--concurrency=1"] },
}
const named = suites[args[0]]
if (named !== undefined) args.shift()
const {
  tasks,
  report: name,
  // as many tasks as cores: each runs in parallel itself
  flags = ["--concurrency=100%"],
} = named ?? { tasks: ["build", "check", "lint", "test"], report: "results" }
const reports = () => globSync(`{packages,apps}/*/.vitest/${name}.json`)

// a suite that does not run must not be counted from an earlier run; turbo restores the report of a cached one
for (const report of reports()) rmSync(report)

const turbo = spawnSync(
  "turbo",
  [
    "run",
    ...tasks,
    "--continue=dependencies-successful",
    "--output-logs=new-only",
    ...flags,
    ...args,
  ],
  { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" },
)
if (turbo.error !== undefined) console.error(`cannot run turbo: ${turbo.error.message}`)

let passed = 0
let failed = 0
let skipped = 0
for (const report of reports()) {
  const results = JSON.parse(readFileSync(report, "utf8"))
  passed += results.numPassedTests
  failed += results.numFailedTests
  skipped += results.numPendingTests + (results.numTodoTests ?? 0)
  // a file that could not be loaded holds no test that failed, yet it is a failure
  failed += results.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length
}
// a skipped test proves nothing, so it counts as failed
failed += skipped
const broken = turbo.status !== 0 && failed === 0
if (broken) console.error("a task other than a test failed; its output is above")
if (passed === 0) console.error("no test has run")
if (skipped > 0) console.error(`${skipped} skipped, counted as failed`)
console.log(`${passed} passed, ${failed + (broken ? 1 : 0)} failed`)
process.exit(turbo.status === 0 && failed === 0 && passed > 0 ? 0 : 1)
