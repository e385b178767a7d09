// Measures the size of each package when it is installed: its own files and the packages that it needs, dependencies and
// required peers, as they are in node_modules; they must have been built. The sizes are in docs/sizes.json, which
// size.mjs --write writes, and docs.mjs puts them into the READMEs.
import {
  existsSync,
  globSync,
  lstatSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { code, filled } from "./generated.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const packed = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "THIRD_PARTY.md"]

const sizesFile = join(root, "docs/sizes.json")
/** The most by which a size may differ from the written one. */
const drift = 0.05

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/** Finds a package as Node.js does: in the nearest node_modules above. */
const find = (name, from) => {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, "node_modules", name)
    if (existsSync(join(found, "package.json"))) return realpathSync(found)
  }
  throw new Error(`${from}: ${name} is not installed`)
}

/** Lists the packages that a package needs to run, by the names in its manifest. */
const neededBy = ({ dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) => [
  ...Object.keys(dependencies),
  ...Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true),
]

const sizeOf = (folder, patterns) =>
  globSync(patterns, { cwd: folder, exclude: (name) => name === "node_modules" })
    .map((file) => lstatSync(join(folder, file)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0)

const ownSize = (folder, { files = [] }) =>
  sizeOf(folder, [
    ...packed,
    ...files.map((name) =>
      statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ? `${name}/**` : name,
    ),
  ])

const toKilobytes = (bytes) => Math.round(bytes / 1_000)

/** Measures one package: kilobytes of its files and of everything that it needs, and how many other packages these are. */
const measure = (folder, sizes) => {
  const seen = new Map()
  const visit = (at) => {
    const manifest = manifestOf(at)
    if (seen.has(at)) return
    const isOurs = manifest.name.startsWith("@aelyst/")
    if (!sizes.has(at)) sizes.set(at, isOurs ? ownSize(at, manifest) : sizeOf(at, "**"))
    seen.set(at, manifest.name)
    for (const name of neededBy(manifest)) visit(find(name, at))
  }
  visit(folder)
  const all = [...seen.keys()].map((at) => sizes.get(at))
  return {
    kilobytes: toKilobytes(sizes.get(folder)),
    installed: toKilobytes(all.reduce((sum, bytes) => sum + bytes, 0)),
    needs: neededBy(manifestOf(folder)),
    others: seen.size - 1,
  }
}

/** Measures every public package. */
const measureAll = () => {
  const sizes = new Map()
  return Object.fromEntries(
    globSync("packages/*", { cwd: root })
      .toSorted()
      .map((folder) => join(root, folder))
      .filter((folder) => manifestOf(folder).private !== true)
      .map((folder) => [manifestOf(folder).name, measure(folder, sizes)]),
  )
}

const written = () => JSON.parse(readFileSync(sizesFile, "utf8"))

/** Returns whether a package needs other packages than it did, or differs in size by more than the drift. */
const differs = (one, other) =>
  one.others !== other?.others ||
  one.needs.join() !== other.needs.join() ||
  ["kilobytes", "installed"].some((name) => Math.abs(one[name] / other[name] - 1) > drift)

/** Measures every package and writes the sizes, or returns the differences from the written ones. */
export const checkInstallSizes = (isWriting) => {
  const found = measureAll()
  if (isWriting) {
    writeFileSync(sizesFile, `${JSON.stringify(found, undefined, 2)}\n`)
    return []
  }
  const known = written()
  return [...new Set([...Object.keys(found), ...Object.keys(known)])]
    .filter((name) => found[name] === undefined || differs(found[name], known[name]))
    .map(
      (name) =>
        `${name}: installed, it is not as docs/sizes.json says; run: node scripts/size.mjs --write`,
    )
}

const inWords = (kilobytes) =>
  kilobytes < 1_000
    ? `${Math.round(kilobytes / 10) * 10} kB`
    : `${(kilobytes / 1_000).toFixed(1)} MB`

const sentenceOf = ({ installed, kilobytes, needs, others }) => {
  if (others === 0)
    return `Installed, it is about ${inWords(kilobytes)}, and needs no other package.`
  const names = needs.map(code)
  if (others > needs.length) names.push("theirs")
  const listed =
    names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
  const count = others === 1 ? "one other package" : `${others} other packages`
  return `Installed, it is about ${inWords(kilobytes)}; with ${count}, ${listed}, about ${inWords(installed)}.`
}

/** Adds the README of every package, with its size between the markers. */
export const writeInstallSizes = (outputs) => {
  const sizes = written()
  for (const file of globSync("packages/*/README.md", { cwd: root })) {
    const { name, private: isPrivate } = manifestOf(dirname(join(root, file)))
    if (isPrivate === true) continue
    if (sizes[name] === undefined)
      throw new Error(`docs/sizes.json has no ${name}; run: node scripts/size.mjs --write`)
    const text = outputs.get(file) ?? readFileSync(join(root, file), "utf8")
    const filledIn = filled(file, text, "size", "scripts/install-size.mjs", sentenceOf(sizes[name]))
    if (filledIn === undefined) throw new Error(`${file} has no markers of its size`)
    outputs.set(file, filledIn)
  }
}
