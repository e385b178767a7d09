// Runs the tests of power cuts, of damaged files and of the model with 100,000 disks, 100,000 files and 2,000 sequences, and
// prints the figures of the power cuts. Takes about an hour on an idle machine.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const directory = mkdtempSync(join(tmpdir(), "aelyst-long-runs-"))
const report = join(directory, "power-cut.json")
const env = {
  ...process.env,
  AELYST_POWER_CUTS: "100000",
  AELYST_POWER_CUT_REPORT: report,
  // of each of four kinds
  AELYST_JOURNAL_DAMAGES: "25000",
  AELYST_JOURNAL_SEQUENCES: "2000",
}
const vitest = (config, ...files) =>
  spawnSync("vitest", ["run", "--config", `../../${config}`, "--testTimeout=7200000", ...files], {
    env,
    shell: process.platform === "win32",
    stdio: "inherit",
  }).status ?? 1

const failed = [
  vitest("vitest.package.config.ts", "test/Verify.test.ts", "test/RowStatements.test.ts"),
  vitest("vitest.system.config.ts", "test/system/PowerCut.test.ts"),
].some((status) => status !== 0)
if (!failed) console.log(readFileSync(report, "utf8").trim())
rmSync(directory, { recursive: true })
process.exit(failed ? 1 : 0)
