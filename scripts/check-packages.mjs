// Packs every public package into .pack and checks the tarballs, as they would be published: publint and attw, what is
// in them and what is not, whom they depend on, what their types show, that both module formats have all of it, and that
// packing twice gives the same bytes.
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
  // the entry point ./phone alone needs libphonenumber-js
  "@aelyst/core": { peerDependencies: ["effect", "libphonenumber-js"] },
  // the entry point ./effect alone needs the peers, here and in the sandbox
  "@aelyst/node": {
    dependencies: ["undici"],
    peerDependencies: ["@aelyst/core", "effect"],
    optional: true,
  },
  "@aelyst/express": { dependencies: ["@aelyst/node"], peerDependencies: ["express"] },
  "@aelyst/cli": {},
  "@aelyst/import": {
    dependencies: ["libphonenumber-js"],
    peerDependencies: ["@aelyst/core", "@aelyst/journal", "effect"],
  },
  "@aelyst/sandbox": { peerDependencies: ["@aelyst/core", "effect"], optional: true },
  "@aelyst/outbox": {},
  "@aelyst/redis": { peerDependencies: ["@aelyst/core", "effect"], optional: true },
  // the entry point ./shared-limit needs none
  "@aelyst/journal": { peerDependencies: ["@aelyst/core", "effect"] },
  "@aelyst/workflow": {
    peerDependencies: [
      "@aelyst/core",
      "@aelyst/import",
      "@aelyst/journal",
      "@effect/sql-pg",
      "effect",
    ],
  },
}
/** Lists the packages for programs that have Effect, whose types show it. */
const forEffect = ["@aelyst/core", "@aelyst/import", "@aelyst/journal", "@aelyst/workflow"]
/** Lists the entries for `import` only: core, import, journal, workflow and `./effect` are for programs that have Effect, and `./command` is for the CLI. */
const importOnly = {
  "@aelyst/core": /./,
  "@aelyst/import": /./,
  "@aelyst/workflow": /./,
  "@aelyst/node": /^\.\/effect$/,
  "@aelyst/sandbox": /^\.\/(?:effect|command)$/,
  "@aelyst/redis": /^\.\/effect$/,
  "@aelyst/journal": /^\.(?:\/postgres)?$/,
}
/** Lists the packages that bundle no code of others. */
const withoutOthers = [
  "@aelyst/core",
  "@aelyst/express",
  "@aelyst/import",
  "@aelyst/journal",
  "@aelyst/redis",
  "@aelyst/workflow",
]
/** The longest line of published code: Node prints the whole line above an uncaught error. */
const longestLine = 2_000
/** The longest declaration of a schema: a longer one repeats the structs that it is made of, and names none of them. */
const longestSchema = 700
/** Lists what is at the top of a tarball. */
const content =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|THIRD_PARTY\.md|man\/.+|dist\/.+|src\/.+)$/
const lifecycle = /^(pre|post)?(install|pack|publish|prepare|prepublish|prepublishOnly)$/
// what only packages for Effect may show in their types
const inner =
  /(?:from|import|import\(|require\()\s*"(effect(?:\/[^"]*)?|@effect\/[^"]*|@aelyst\/core(?:\/[^"]*)?)"/
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

const entriesOf = (manifest) =>
  Object.entries(manifest.exports ?? {}).filter(([name]) => name !== "./package.json")

/** Holds every entry of both formats to have code and types for each, and to have the same types. */
const checkFormats = (manifest, files, say) => {
  for (const [name, entry] of entriesOf(manifest)) {
    if (importOnly[manifest.name]?.test(name)) {
      if ("require" in entry) say(`${name} is for require too, though it is for import only`)
      continue
    }
    const { import: forImport, require: forRequire } = entry
    if (forImport === undefined || forRequire === undefined) {
      say(`${name} is not for both import and require`)
      continue
    }
    for (const file of [...Object.values(forImport), ...Object.values(forRequire)]) {
      if (!files.has(file.slice(2))) say(`${name} names ${file}, which is not there`)
    }
    if (Object.keys(forImport).join() !== Object.keys(forRequire).join())
      say(`${name} has other things for import than for require`)
    const [types, same] = [forImport, forRequire].map((one) =>
      files.get(one.types.slice(2))?.toString("utf8").replaceAll('.cjs"', '.js"'),
    )
    if (types !== same) say(`${name} has other types for import than for require`)
    // what reads no `exports`: TypeScript with the module resolution of old
    const old =
      name === "." ? manifest.types : manifest.typesVersions?.["*"]?.[name.slice(2)]?.join()
    if (old !== forRequire.types) say(`${name} has no types for a compiler that reads no exports`)
    if (name === "." && manifest.main !== forRequire.default) say("main is not what require gets")
  }
}

/** Follows the types of the entry points: what a consumer's compiler reads. An entry point called effect is for Effect. */
const publicTypes = (manifest, files) => {
  const entries = entriesOf(manifest).flatMap(([name, entry]) =>
    name === "./effect"
      ? []
      : [entry.types, entry.import?.types, entry.require?.types]
          .filter((file) => file !== undefined)
          .map((file) => file.replace(/^\.\//, "")),
  )
  const seen = new Set()
  for (const file of entries) follow(file)
  return seen

  function follow(file) {
    if (seen.has(file) || !files.has(file)) return
    seen.add(file)
    const text = files.get(file).toString("utf8")
    for (const [, target] of text.matchAll(/(?:from|import\(|import)\s*"(\.[^"]+)"/g)) {
      const path = posix.join(posix.dirname(file), target)
      follow(path.replace(/\.(?:js|ts)$/, ".d.ts").replace(/\.cjs$/, ".d.cts"))
    }
  }
}

/** Holds core's schemas to types that an editor can show: each names its parts, by an interface. */
const checkSchemas = (manifest, files, say) => {
  for (const name of publicTypes(manifest, files)) {
    const text = files
      .get(name)
      .toString("utf8")
      .replace(/\/\*\*[^]*?\*\//g, "")
    for (const [declaration, schema] of text.matchAll(
      /^export declare const (\w+): [^]*?;$(?!\n[ }])/gm,
    )) {
      const { length } = declaration.replace(/\s+/g, " ")
      if (/\bSchema\./.test(declaration) && length > longestSchema) {
        say(
          `${name} expands the type of ${schema} to ${length} characters; name it by an interface`,
        )
      }
    }
  }
}

const checkFiles = (manifest, files, say) => {
  for (const [name, bytes] of files) {
    if (!content.test(name)) say(`holds ${name}`)
    const text = bytes.toString("utf8")
    if (machine.test(text)) say(`${name} has a path of one machine`)
    const longest = /^dist\/.*\.c?js$/.test(name)
      ? Math.max(...text.split("\n").map((line) => line.length))
      : 0
    if (longest > longestLine) say(`${name} has a line of ${longest} characters`)
  }
  for (const name of publicTypes(manifest, files)) {
    if (!forEffect.includes(manifest.name) || name.startsWith("dist/shared-limit/")) {
      const shown = inner.exec(files.get(name).toString("utf8"))?.[1]
      if (shown !== undefined) say(`${name} shows ${shown} in its types`)
    }
  }
  for (const name of ["README.md", "LICENSE", "package.json"]) {
    if (!files.has(name)) say(`has no ${name}`)
  }
  if (![...files.keys()].some((name) => name.startsWith("dist/"))) say("has no dist; build first")
  const bundles = !withoutOthers.includes(manifest.name)
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
  checkFormats(manifest, files, say)
  if (manifest.name === "@aelyst/core") checkSchemas(manifest, files, say)

  const again = join(root, ".pack", "again")
  mkdirSync(again, { recursive: true })
  if (sum(tarball) !== sum(pack(directory, again))) say("is not the same when it is packed twice")
  rmSync(again, { recursive: true })

  const publint = run("publint", ["run", "--strict", tarball])
  if (!publint.ok) say(`publint\n${publint.output}`)
  // attw looks at types; a command has none
  const entries = entriesOf(manifest).map(([name]) => name)
  const esm = entries.filter((name) => importOnly[manifest.name]?.test(name))
  for (const [profile, names] of [
    ["esm-only", esm],
    ["strict", entries.filter((name) => !esm.includes(name))],
  ]) {
    if (names.length === 0) continue
    const options = ["--profile", profile, "--format", "ascii", "--entrypoints", ...names]
    const attw = run("attw", [tarball, ...options])
    if (!attw.ok) say(`attw\n${attw.output}`)
  }
  const kilobytes = (readFileSync(tarball).length / 1000).toFixed(0)
  console.log(`${manifest.name}@${manifest.version}: ${files.size} files, ${kilobytes} kB packed`)
}

for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
