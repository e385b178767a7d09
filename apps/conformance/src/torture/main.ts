/**
 * Kills imports a thousand times and writes the result to docs/reliability, or to another file:
 * `node apps/conformance/src/torture/main.ts [kills] [file]`. It kills the packed command, whose package must be built, and
 * needs `strace`. The controls are broken versions of a script over the same packages.
 */
import { writeResult } from "../results/Result.ts"
import { controls } from "./Controls.ts"
import type { Series } from "./Series.ts"
import { breakPromise, killAtEachSyscall, killAtRandom, modes } from "./Series.ts"
import { commandTarget, scriptTarget } from "./Target.ts"

const [kills = "1000", file] = process.argv.slice(2)
const began = Date.now()

const [command, script] = await Promise.all([commandTarget(), scriptTarget()])
const series: Array<Series> = []
const add = (moments: string, ran: Series) => {
  series.push(ran)
  const { campaigns, delivery, existing, kills: killed, problems } = ran
  console.error(
    `${moments}, ${existing}, ${delivery}: ${killed} kills in ${campaigns} campaigns, ${problems.length} problems`,
  )
}
const total = () => series.reduce((sum, ran) => sum + ran.kills, 0)

for (const mode of modes) add("every system call", await killAtEachSyscall(command, mode))
const each = Math.ceil(Math.max(0, Number(kills) - total()) / modes.length)
// at the same time: an import mostly waits
await Promise.all(
  modes.map(async (mode) => {
    const options = { kills: each, seed: 1, atSyscalls: true }
    add("random", await killAtRandom(command, mode, options))
  }),
)
const noticed: Record<string, number> = {}
for (const control of controls) {
  noticed[control] = (await breakPromise(script, control)).length
  console.error(`control ${control}: ${noticed[control]} problems noticed`)
}

const sum = (count: (ran: (typeof series)[number]) => number) =>
  series.reduce((all, ran) => all + count(ran), 0)
const problems = sum((ran) => ran.problems.length)
for (const ran of series) for (const problem of ran.problems) console.error(problem)
writeResult(
  "import-kills",
  {
    began,
    command: `node apps/conformance/src/torture/main.ts ${kills}`,
    seeds: "from 1 in each series",
    problems,
    counts: {
      kills: total(),
      "kills at a system call of the journal": sum((ran) => ran.killsAtSyscall),
      "kills while it starts, plans or recovers": sum((ran) => ran.killsAtStart),
      "imports begun": sum((ran) => ran.starts),
      rows: sum((ran) => ran.rows),
      "rows settled by asking again": sum((ran) => ran.existsAfterDoubt),
    },
    controls: noticed,
  },
  file,
)
process.exitCode = problems === 0 && Object.values(noticed).every((count) => count > 0) ? 0 : 1
