// Runs the whole suite many times, on a quiet machine and next to busy loops, and prints which tests ever failed.
// Nothing comes from turbo's cache. The last line is `green X of Y`; exits with 1 if a run was not green.
//   node scripts/shake.mjs [--quiet 15] [--busy 5] [--loops 8]
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const usage = "usage: node scripts/shake.mjs [--quiet <runs>] [--busy <runs>] [--loops <processes>]"
const readOptions = () => {
  const { values } = parseArgs({
    options: {
      quiet: { type: "string", default: "15" },
      busy: { type: "string", default: "5" },
      loops: { type: "string", default: "8" },
    },
  })
  const counts = Object.fromEntries(
    Object.entries(values).map(([name, text]) => {
      if (!/^\d{1,4}$/.test(text)) throw new Error(`--${name} must be a number of at most 4 digits`)
      return [name, Number(text)]
    }),
  )
  if (counts.quiet + counts.busy === 0) throw new Error("there is nothing to run")
  return counts
}
const orUsage = () => {
  try {
    return readOptions()
  } catch (error) {
    console.error(`${error.message}\n${usage}`)
    return process.exit(2)
  }
}
const { quiet, busy, loops } = orUsage()

/** Every process that was started here, with all that it started. */
const running = new Set()
const windows = process.platform === "win32"
const start = (args, stdio) => {
  // a separate process group, so that it can be ended together with its children
  const child = spawn(process.execPath, args, { cwd: root, stdio, detached: !windows })
  running.add(child)
  child.once("close", () => running.delete(child))
  return child
}
const end = (child, signal = "SIGKILL") => {
  try {
    if (windows) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // it has already ended
  }
}
process.once("exit", () => {
  for (const child of running) end(child)
})
// turbo starts each task in a separate process group, and ends the tasks when it is told to end
const stopping = { asked: false }
const stop = () => {
  stopping.asked = true
  setTimeout(() => process.exit(130), 20_000).unref()
  const closed = [...running].map((child) => once(child, "close"))
  for (const child of running) end(child, child.isLoop ? "SIGKILL" : "SIGTERM")
  void Promise.allSettled(closed).then(() => process.exit(130))
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, stop)

// a loop also ends when this process was killed
const loop = "const parent = process.ppid; while (process.ppid === parent);"
const startLoops = () =>
  Array.from({ length: loops }, () =>
    Object.assign(start(["--eval", loop], "ignore"), { isLoop: true }),
  )

const logs = join(root, ".vitest", "shake")
rmSync(logs, { recursive: true, force: true })
mkdirSync(logs, { recursive: true })

/** Runs the suite once; gives its last line on stdout and whether it was green. */
const runSuite = (log) =>
  new Promise((resolve) => {
    const file = createWriteStream(log)
    const child = start(
      ["scripts/with-tools.mjs", "node", "scripts/test.mjs", "--force"],
      ["ignore", "pipe", "pipe"],
    )
    let tail = ""
    child.stdout.on("data", (chunk) => (tail = (tail + chunk.toString()).slice(-1_000)))
    child.stdout.pipe(file)
    child.stderr.pipe(file)
    child.once("close", (code) => resolve({ last: tail.trimEnd().split("\n").at(-1), code }))
  })

/** Names the tests that failed in the last run, and the files that could not be run. */
const failures = () => {
  const found = []
  for (const folder of ["packages", "apps"]) {
    for (const name of readdirSync(folder)) {
      let report
      try {
        report = JSON.parse(readFileSync(join(folder, name, ".vitest", "results.json"), "utf8"))
      } catch {
        continue
      }
      for (const { name: path, status, assertionResults } of report.testResults) {
        const file = relative(root, path)
        const failed = assertionResults.filter((test) => test.status === "failed")
        for (const { fullName } of failed) found.push(`${file} > ${fullName}`)
        if (status === "failed" && failed.length === 0) found.push(`${file} as a whole`)
      }
    }
  }
  return found
}

const everFailed = new Map()
let green = 0
const shake = async (kind, count) => {
  for (let n = 1; n <= count && !stopping.asked; n++) {
    const name = `${kind} ${n}`
    const log = join(logs, `${kind}-${n}.log`)
    const started = kind === "busy" ? startLoops() : []
    const began = Date.now()
    const { last, code } = await runSuite(log)
    const seconds = Math.round((Date.now() - began) / 1_000)
    for (const child of started) end(child)
    console.log(`${name} of ${count}: ${last ?? "nothing was printed"} (${seconds} s)`)
    if (code === 0) {
      green++
      rmSync(log)
      continue
    }
    console.log(`  its output: ${relative(root, log)}`)
    const failed = failures()
    for (const test of failed.length > 0 ? failed : ["a task other than a test"]) {
      everFailed.set(test, [...(everFailed.get(test) ?? []), name])
    }
  }
}
await shake("quiet", quiet)
await shake("busy", busy)

if (everFailed.size > 0) console.log("\nfailed at least once:")
for (const [test, runs] of [...everFailed].toSorted(([, a], [, b]) => b.length - a.length)) {
  console.log(`  ${test} (${runs.join(", ")})`)
}
console.log(`green ${green} of ${quiet + busy}`)
process.exitCode = green === quiet + busy ? 0 : 1
