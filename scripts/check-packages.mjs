// Packs every public package into .pack and checks the tarballs, as they would be published: publint and attw, what is
// in them and what is not, whom they depend on, what their types show, and that packing twice gives the same bytes.
// Needs a build. With --pack-only it packs and checks nothing.
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { globSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)
const windows = process.platform === "win32"

/** Lists whom a package may depend on at run time; every new name is a decision. */
const allowed = {
  "@aelyst/core": { peerDependencies: ["effect"] },
  "@aelyst/node": { dependencies: ["undici"] },
  "@aelyst/express": { dependencies: ["@aelyst/node"], peerDependencies: ["express"] },
  "@aelyst/cli": {},
  // its entry point ./effect alone needs them
  "@aelyst/sandbox": { peerDependencies: ["@aelyst/core", "effect"], optional: true },
}
/** Lists what is at the top of a tarball. */
const content =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD_PARTY\.md|dist\/.+|src\/.+)$/
const lifecycle = /^(pre|post)?(install|pack|publish|prepare|prepublish|prepublishOnly)$/
// what only core may show in its types
const inner = /(?:from|import\()\s*"(effect(?:\/[^"]*)?|@effect\/[^"]*|@aelyst\/core(?:\/[^"]*)?)"/
const machine = /(?:^|[^A-Za-z0-9.:/])\/(?:work|farm|root|home|Users|tmp)\/[A-Za-z._]|file:\/\/\//m

const pack = (directory, destination) => {
  const out = execFileSync("pnpm", ["pack", "--json", "--pack-destination", destination], {
    cwd: directory,
    encoding: "utf8",
    shell: windows,
    stdio: ["ignore", "pipe", "inherit"],
  })
  return JSON.parse(out).filename
}

/** Reads a tarball: each path below `package/` with its bytes. */
const read = (tarball) => {
  const bytes = gunzipSync(readFileSync(tarball))
  const files = new Map()
  const text = (from, length) =>
    bytes
      .subarray(from, from + length)
      .toString("utf8")
      .replace(/\0.*$/s, "")
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8)
    const prefix = text(at + 345, 155)
    const name = prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`
    files.set(name.replace(/^package\//, ""), bytes.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

const sum = (path) => createHash("sha256").update(readFileSync(path)).digest("hex")

const run = (command, args) => {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    shell: windows,
    env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1" },
  })
  return { ok: done.status === 0, output: `${done.stdout}${done.stderr}${done.error ?? ""}`.trim() }
}

const checkManifest = (manifest, say) => {
  for (const name of Object.keys(manifest.scripts ?? {})) {
    if (lifecycle.test(name)) say(`runs a script when it is installed or packed: ${name}`)
  }
  if (!(manifest.name in allowed)) say("is not in the list of packages; add it there")
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    const names = Object.keys(manifest[kind] ?? {})
    const known = allowed[manifest.name]?.[kind] ?? []
    for (const name of names) if (!known.includes(name)) say(`has ${name} in ${kind}`)
    for (const range of Object.values(manifest[kind] ?? {})) {
      if (/^(workspace|catalog|file|link):/.test(range))
        say(`has the range ${range}, which works only in this repository`)
    }
  }
  if (allowed[manifest.name]?.optional === true) {
    for (const name of Object.keys(manifest.peerDependencies ?? {})) {
      if (manifest.peerDependenciesMeta?.[name]?.optional !== true)
        say(`makes the peer ${name} required`)
    }
  }
  if (manifest.bundleDependencies !== undefined) say("bundles dependencies as folders")
  if (/"\.\/src\/[^"]*(?<!\.d\.ts)"/.test(JSON.stringify(manifest.exports ?? {})))
    say("exports its sources")
  for (const field of ["license", "repository", "engines", "description"]) {
    if (manifest[field] === undefined) say(`has no ${field}`)
  }
}

/** Follows the types of the entry points: what a consumer's compiler reads. An entry point called effect is for Effect. */
const publicTypes = (manifest, files) => {
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([name, entry]) =>
    typeof entry === "object" && entry.types !== undefined && name !== "./effect"
      ? [entry.types.replace(/^\.\//, "")]
      : [],
  )
  const seen = new Set()
  for (const file of entries) follow(file)
  return seen

  function follow(file) {
    if (seen.has(file) || !files.has(file)) return
    seen.add(file)
    const text = files.get(file).toString("utf8")
    for (const [, target] of text.matchAll(/(?:from|import\(|import)\s*"(\.[^"]+)"/g)) {
      follow(posix.join(posix.dirname(file), target).replace(/\.(?:js|ts)$/, ".d.ts"))
    }
  }
}

const checkFiles = (manifest, files, say) => {
  for (const [name, bytes] of files) {
    if (!content.test(name)) say(`holds ${name}`)
    const text = bytes.toString("utf8")
    if (machine.test(text)) say(`${name} has a path of one machine`)
  }
  if (manifest.name !== "@aelyst/core") {
    for (const name of publicTypes(manifest, files)) {
      const shown = inner.exec(files.get(name).toString("utf8"))?.[1]
      if (shown !== undefined) say(`${name} shows ${shown} in its types`)
    }
  }
  for (const name of ["README.md", "LICENSE", "package.json"]) {
    if (!files.has(name)) say(`has no ${name}`)
  }
  if (![...files.keys()].some((name) => name.startsWith("dist/"))) say("has no dist; build first")
  const bundles = manifest.name !== "@aelyst/core" && manifest.name !== "@aelyst/express"
  if (bundles && !files.has("THIRD_PARTY.md"))
    say("bundles others' code and names no licence of theirs")
}

rmSync(".pack", { recursive: true, force: true })
const problems = []
for (const file of globSync("packages/*/package.json").toSorted()) {
  const directory = dirname(file)
  const source = JSON.parse(readFileSync(file, "utf8"))
  if (source.private === true) continue
  const say = (what) => problems.push(`${source.name}: ${what}`)
  mkdirSync(".pack", { recursive: true })
  const tarball = pack(directory, join(root, ".pack"))
  if (process.argv.includes("--pack-only")) continue

  const files = read(tarball)
  const manifest = JSON.parse(files.get("package.json").toString("utf8"))
  checkManifest(manifest, say)
  checkFiles(manifest, files, say)

  const again = join(root, ".pack", "again")
  mkdirSync(again, { recursive: true })
  if (sum(tarball) !== sum(pack(directory, again))) say("is not the same when it is packed twice")
  rmSync(again, { recursive: true })

  const publint = run("publint", ["run", "--strict", tarball])
  if (!publint.ok) say(`publint\n${publint.output}`)
  // attw looks at types; a command has none
  if (manifest.exports?.["."] !== undefined) {
    const attw = run("attw", ["--profile", "esm-only", "--format", "ascii", tarball])
    if (!attw.ok) say(`attw\n${attw.output}`)
  }
  const kilobytes = (readFileSync(tarball).length / 1000).toFixed(0)
  console.log(`${manifest.name}@${manifest.version}: ${files.size} files, ${kilobytes} kB packed`)
}

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
