// Proves, without a network, that the lockfile installs on every platform the project promises.
// pnpm silently leaves a native package out of the lockfile when the registry cannot resolve it, and a frozen install on
// that platform then has a tool without its binary. So what each installed package asks for is held against the lockfile.
import { globSync, lstatSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const targets = [
  { os: "linux", cpu: "x64" },
  { os: "linux", cpu: "arm64" },
  { os: "darwin", cpu: "arm64" },
  { os: "win32", cpu: "x64" },
]

/** Reads the packages of the lockfile: written by a machine, so one form of line for each fact. */
const readLockfile = () => {
  const locked = new Map()
  let section
  let current
  for (const line of readFileSync("pnpm-lock.yaml", "utf8").split("\n")) {
    if (/^\S/.test(line)) section = line
    const key = /^ {2}'?([^\s'][^']*?)'?:(?: \{\})?$/.exec(line)?.[1]
    if (section === "snapshots:") {
      // the same package once for each set of its peers
      if (key !== undefined) current = locked.get(key.replace(/\(.*/, ""))
      if (line === "    optional: true" && current !== undefined) current.optional = true
    }
    if (section !== "packages:") continue
    if (key !== undefined) {
      current = { integrity: false }
      locked.set(key, current)
    }
    const list = /^ {4}(os|cpu|libc): \[(.*)\]$/.exec(line)
    if (list !== null) current[list[1]] = list[2].split(", ")
    if (/^ {4}resolution: \{.*integrity: sha512-/.test(line)) current.integrity = true
  }
  return locked
}

/** Reads the manifest of everything that is installed. */
const readInstalled = () => {
  const installed = new Map()
  const pattern = "node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json"
  for (const file of globSync(pattern)) {
    if (lstatSync(dirname(file)).isSymbolicLink()) continue
    const manifest = JSON.parse(readFileSync(join(root, file), "utf8"))
    if (manifest.name !== undefined) installed.set(`${manifest.name}@${manifest.version}`, manifest)
  }
  return installed
}

const accepts = (list, value) =>
  list === undefined ||
  (list.some((item) => item.startsWith("!"))
    ? !list.includes(`!${value}`)
    : list.includes(value) || list.includes("any"))
const fits = (entry, target) => accepts(entry.os, target.os) && accepts(entry.cpu, target.cpu)
const isNative = (entry) => entry.os !== undefined || entry.cpu !== undefined

const foreign =
  /android|freebsd|openbsd|netbsd|sunos|aix|openharmony|wasm|riscv64|ppc64|s390x|ia32|mips64|loong64|[-.]arm(?![0-9a-z])|gnueabihf|musleabihf/

const locked = readLockfile()
const installed = readInstalled()
const problems = []
let natives = 0

if (locked.size < 100) problems.push(`only ${locked.size} packages were read from the lockfile`)
for (const [key, entry] of locked) {
  if (!entry.integrity) problems.push(`${key}: no integrity`)
  const manifest = installed.get(key)
  if (manifest === undefined) {
    // what only a native package of another platform needs is not installed here
    if (!isNative(entry) && !entry.optional)
      problems.push(`${key}: locked but not installed, so it was not checked`)
    continue
  }
  const asked = Object.entries(manifest.optionalDependencies ?? {}).map(([name, range]) => {
    // an alias names the real package in its range
    const real = /^npm:(.+)@([^@]+)$/.exec(range)
    const [id, wanted] = real === null ? [name, range] : [real[1], real[2]]
    const keys = [...locked.keys()].filter((candidate) => candidate.startsWith(`${id}@`))
    return { id, found: locked.get(`${id}@${wanted}`) ?? locked.get(keys.at(-1)) }
  })
  for (const { id, found } of asked) {
    if (found === undefined && !foreign.test(id)) {
      problems.push(`${key} asks for ${id}, which is not in the lockfile`)
    }
  }
  const options = asked.flatMap(({ found }) =>
    found !== undefined && isNative(found) ? [found] : [],
  )
  // fsevents and its like exist for one system alone and are not needed on the others
  if (new Set(options.flatMap((option) => option.os ?? [])).size < 2) continue
  natives++
  for (const target of targets) {
    if (!options.some((option) => fits(option, target))) {
      problems.push(`${key}: nothing in the lockfile for ${target.os} ${target.cpu}`)
    }
  }
}
if (natives === 0) problems.push("no native package was found, so nothing was proved")

// what keeps a stolen release out, and its install script from running
const workspace = readFileSync("pnpm-workspace.yaml", "utf8")
if (Number(/^minimumReleaseAge: (\d+)$/m.exec(workspace)?.[1] ?? 0) < 3 * 24 * 60) {
  problems.push("pnpm-workspace.yaml: releases younger than three days are let in")
}
for (const [, name] of workspace.matchAll(/^ {2}(\S+): true$/gm)) {
  problems.push(`pnpm-workspace.yaml: ${name} may run its install script`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(
  `${locked.size} packages locked; ${natives} with native parts, each for ${targets
    .map(({ os, cpu }) => `${os}-${cpu}`)
    .join(", ")}`,
)
