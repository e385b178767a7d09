// Proves that turbo repeats only what is needed and leaves nothing out: right after a run everything comes from the cache,
// and an edit in one package changes the hashes of exactly those packages that depend on it.
import { spawnSync } from "node:child_process"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))
const problems = []

const turbo = (...args) => {
  const done = spawnSync("turbo", ["run", ...args], {
    encoding: "utf8",
    shell: process.platform === "win32",
    maxBuffer: 1 << 28,
  })
  if (done.status !== 0) {
    const words = `${done.stdout}${done.stderr}`.trim().split("\n").slice(-12)
    console.error(`turbo run ${args.join(" ")} failed, so nothing was proved\n${words.join("\n")}`)
    process.exit(1)
  }
  return done.stdout
}
/** Returns the hash of each package's task without running it. */
const hashes = (task) => {
  const { tasks } = JSON.parse(turbo(task, "--dry=json"))
  return new Map(
    tasks
      .filter((one) => one.task === task && one.command !== "<NONEXISTENT>")
      .map((one) => [one.package, one.hash]),
  )
}

// the packages that depend on core, directly or not, development included: tests read the sources of others
const manifests = globSync("{packages,apps}/*/package.json").map((file) =>
  JSON.parse(readFileSync(file, "utf8")),
)
const dependents = (name) => {
  const found = new Set([name])
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const manifest of manifests) {
      const needs = {
        ...manifest.dependencies,
        ...manifest.devDependencies,
        ...manifest.peerDependencies,
      }
      if (Object.keys(needs).some((need) => found.has(need))) found.add(manifest.name)
    }
  }
  return found
}

const tasks = ["build", "test", "--concurrency=100%"]
turbo(...tasks)
const again = turbo(...tasks)
if (!again.includes("FULL TURBO")) problems.push("a second run is not FULL TURBO")

const touch = (file, name) => {
  const before = readFileSync(file, "utf8")
  const first = hashes("test")
  let second
  try {
    writeFileSync(file, `${before}\n`)
    second = hashes("test")
  } finally {
    writeFileSync(file, before)
  }
  const changed = [...first.keys()].filter((one) => first.get(one) !== second.get(one)).toSorted()
  const wanted = [...dependents(name)].filter((one) => first.has(one)).toSorted()
  if (changed.join() !== wanted.join()) {
    problems.push(
      `an edit of ${file} repeats the tests of ${changed.join(", ") || "no package"}; wanted: ${wanted.join(", ")}`,
    )
  }
  console.log(`an edit in ${name} repeats ${changed.length} of ${first.size} suites`)
}
touch("packages/core/src/index.ts", "@aelyst/core")
touch("packages/express/src/index.ts", "@aelyst/express")

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
