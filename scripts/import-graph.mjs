// Reads who imports whom, by value or by type, through relative paths and through the `exports` of the workspace's
// packages, and measures the graph: cycles and floors.
import { existsSync, readFileSync, statSync } from "node:fs"
import { posix } from "node:path"
import { Visitor } from "oxc-parser"

import { filesOf, parse } from "./sources.mjs"

const manifests = new Map(
  filesOf("packages/*/package.json", "apps/*/package.json").map((file) => {
    const manifest = JSON.parse(readFileSync(file, "utf8"))
    return [manifest.name, { folder: posix.dirname(file), manifest }]
  }),
)

/** Returns the file of a target in `exports`: its first condition that leads to one. */
const targetOf = (target) =>
  typeof target === "string" || target === undefined || target === null
    ? (target ?? undefined)
    : Object.values(target)
        .map(targetOf)
        .find((one) => one !== undefined)

/** Returns the file that an entry of a package leads to; undefined if the package does not export it. */
export const entryFile = (name, entry) => {
  const { folder, manifest } = manifests.get(name)
  const all = manifest.exports ?? {}
  for (const [key, target] of Object.entries(all)) {
    const file = targetOf(target)
    if (file === undefined) continue
    if (key === entry) return posix.join(folder, file)
    const [before, after] = key.split("*")
    if (after !== undefined && entry.startsWith(before) && entry.endsWith(after)) {
      const middle = entry.slice(before.length, entry.length - after.length)
      return posix.join(folder, file.replaceAll("*", middle))
    }
  }
  return undefined
}

/** Returns the file that a specifier means, undefined if it is outside the sources, or throws if it leads nowhere. */
export const resolve = (from, specifier) => {
  if (specifier.startsWith(".")) {
    const file = posix.join(posix.dirname(from), specifier)
    if (file.includes("/dist/")) return undefined
    if (existsSync(file) && statSync(file).isFile()) return file
    throw new Error(`imports ${specifier}, which does not exist`)
  }
  const [, name, rest = ""] = /^(@[^/]+\/[^/]+|[^/]+)(\/.*)?$/.exec(specifier) ?? []
  if (!manifests.has(name)) return undefined
  const file = entryFile(name, `.${rest}`)
  if (file === undefined) throw new Error(`imports ${specifier}, which ${name} does not export`)
  return file
}

/** Returns the imports written in a file: `import`, `export … from`, `import(…)` and `import("…")` types. */
const writtenIn = (file) => {
  const { module, program, text } = parse(file)
  const written = []
  const add = (specifier, start, isType, names) => written.push({ specifier, start, isType, names })
  for (const { moduleRequest, start, entries } of module.staticImports) {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType)
    const names = entries.map(({ importName }) => importName.name ?? "*")
    add(moduleRequest.value, start, isType, names)
  }
  for (const { start, entries } of module.staticExports) {
    for (const { moduleRequest, importName, isType } of entries) {
      if (moduleRequest === null) continue
      add(moduleRequest.value, start, isType, [importName.name ?? "*"])
    }
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const [, specifier] =
      /^["'`]([^"'`$]+)["'`]$/.exec(text.slice(moduleRequest.start, moduleRequest.end)) ?? []
    // an expression names no module that could be followed
    if (specifier !== undefined) add(specifier, start, false, ["import()"])
  }
  new Visitor({
    TSImportType: ({ source, start }) => add(source.value, start, true, ["import()"]),
  }).visit(program)
  return written
}

/**
 * Reads the imports of the files.
 *
 * Returns the imports that lead to a file of the workspace, the specifiers of those that lead outside, and the problems.
 */
export const importGraph = (files) => {
  const imports = []
  const outside = []
  const problems = []
  for (const file of files) {
    const { lineOf } = parse(file)
    for (const { specifier, start, isType, names } of writtenIn(file)) {
      const line = lineOf(start)
      try {
        const to = resolve(file, specifier)
        if (to === undefined) outside.push({ from: file, specifier, line })
        else imports.push({ from: file, to, line, isType, names, specifier })
      } catch (error) {
        problems.push(`${file}:${line} ${error.message}`)
      }
    }
  }
  return { imports, outside, problems }
}

/** Returns the arrows between rooms, each once: a map from a room to the set of rooms that it uses. */
export const arrowsBetween = (imports, roomOf) => {
  const arrows = new Map()
  for (const { from, to } of imports) {
    const [source, target] = [roomOf(from), roomOf(to)]
    if (source === undefined || target === undefined) continue
    if (!arrows.has(source)) arrows.set(source, new Set())
    if (!arrows.has(target)) arrows.set(target, new Set())
    if (source !== target) arrows.get(source).add(target)
  }
  return arrows
}

/** Returns the shortest way from a room to itself, undefined if there is none. */
const wayBack = (arrows, start) => {
  const before = new Map()
  const queue = [start]
  for (const room of queue) {
    for (const next of arrows.get(room) ?? []) {
      if (next === start) {
        const way = [room]
        while (way[0] !== start) way.unshift(before.get(way[0]))
        return way
      }
      if (before.has(next)) continue
      before.set(next, room)
      queue.push(next)
    }
  }
  return undefined
}

/** Returns a shortest cycle through each room that lies on one, the same cycle once. */
export const cyclesOf = (arrows) => {
  const cycles = new Map()
  for (const room of [...arrows.keys()].toSorted()) {
    const way = wayBack(arrows, room)
    if (way !== undefined) cycles.set(way.toSorted().join(" "), way)
  }
  return [...cycles.values()].toSorted((a, b) => a.length - b.length)
}

/** Returns the floor of each room: 1 if it uses no other, else one above the highest that it uses. Needs no cycles. */
export const floorsOf = (arrows) => {
  const floors = new Map()
  const visit = (room) => {
    const known = floors.get(room)
    if (known !== undefined) return known
    floors.set(room, 0)
    const floor = 1 + Math.max(0, ...[...(arrows.get(room) ?? [])].map(visit))
    floors.set(room, floor)
    return floor
  }
  for (const room of arrows.keys()) visit(room)
  return floors
}
