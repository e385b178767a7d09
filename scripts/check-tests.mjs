// Checks that at least 90 % of the packages' modules have a test named after them, and that the modules stay short: none
// over 400 lines, at most four over 300. Generated modules are left out.
import { readFileSync } from "node:fs"
import { basename } from "node:path"

import { filesOf, isBarrel, isGenerated, report } from "./sources.mjs"

const leastShare = 0.9
const mostLines = 400
const longLines = 300
const mostLong = 4
/** Modules that need no test, in addition to those that only re-export: types, process entries and declarations. */
const exempt = /(^|\/)(index|types|\w+Types|bin|globals)\.ts$|\.d\.ts$/

const problems = []
const modules = filesOf("packages/*/src/**/*.ts").filter((file) => !isGenerated(file))

const packageOf = (file) => file.split("/")[1]
const tests = new Set(
  filesOf("packages/*/test/**/*.test.ts").map(
    (file) => `${packageOf(file)} ${basename(file, ".test.ts")}`,
  ),
)
const tested = modules.filter((file) => !exempt.test(file) && !isBarrel(file))
const without = tested.filter((file) => !tests.has(`${packageOf(file)} ${basename(file, ".ts")}`))
const having = tested.length - without.length
const share = `${having} of ${tested.length} modules have a test of their name`
if (having < leastShare * tested.length) {
  const missing = Math.ceil(leastShare * tested.length) - having
  problems.push(
    `${share}, ${missing} fewer than the ${leastShare * 100} % required; these have none:`,
    ...without.map((file) => `  ${file}`),
  )
}

const long = modules
  .map((file) => ({ file, count: readFileSync(file, "utf8").trimEnd().split("\n").length }))
  .filter(({ count }) => count > longLines)
  .toSorted((a, b) => b.count - a.count)
for (const { file, count } of long) {
  if (count > mostLines) problems.push(`${file} has ${count} lines, more than ${mostLines}`)
}
if (long.length > mostLong) {
  problems.push(
    `${long.length} modules have more than ${longLines} lines, more than the ${mostLong} allowed:`,
    ...long.map(({ file, count }) => `  ${file} ${count}`),
  )
}

if (problems.length === 0 && without.length > 0) console.log(`without: ${without.join(", ")}`)
report(problems, `${share}, ${long.length} have more than ${longLines} lines`)
