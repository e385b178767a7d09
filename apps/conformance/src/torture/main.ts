/**
 * Kills imports a thousand times and writes the result as JSON:
 * `node apps/conformance/src/torture/main.ts [kills] [file]`. It kills the packed command, whose package must be built, and
 * needs `strace`. The controls are broken versions of a script over the same packages.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"

import { controls } from "./Controls.ts"
import type { Series } from "./Series.ts"
import { breakPromise, killAtEachSyscall, killAtRandom, modes } from "./Series.ts"
import { commandTarget, scriptTarget } from "./Target.ts"

const [kills = "1000", file] = process.argv.slice(2)
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
const began = Date.now()

const [command, script] = await Promise.all([commandTarget(), scriptTarget()])
const series: Array<Series & { readonly moments: string }> = []
const add = (moments: string, ran: Series) => {
  series.push({ moments, ...ran })
  const { campaigns, delivery, existing, kills: killed, problems } = ran
  console.error(
    `${moments}, ${existing}, ${delivery}: ${killed} kills in ${campaigns} campaigns, ${problems.length} problems`,
  )
}
const total = () => series.reduce((sum, ran) => sum + ran.kills, 0)

for (const mode of modes) add("every system call", await killAtEachSyscall(command, mode))
const each = Math.ceil(Math.max(0, Number(kills) - total()) / modes.length)
for (const mode of modes) {
  add("random", await killAtRandom(command, mode, { kills: each, seed: 1, atSyscalls: true }))
}
const noticed: Record<string, number> = {}
for (const control of controls) {
  noticed[control] = (await breakPromise(script, control)).length
  console.error(`control ${control}: ${noticed[control]} problems noticed`)
}

const result = {
  date: new Date(began).toISOString().slice(0, 10),
  commit,
  node: process.version,
  seconds: Math.round((Date.now() - began) / 1_000),
  kills: total(),
  problems: series.reduce((sum, ran) => sum + ran.problems.length, 0),
  series,
  controls: noticed,
}
const text = `${JSON.stringify(result, undefined, 2)}\n`
if (file === undefined) process.stdout.write(text)
else writeFileSync(file, text)
process.exitCode =
  result.problems === 0 && Object.values(noticed).every((count) => count > 0) ? 0 : 1
