// Compares what each published package exports, by entry, with packages/*/public-names.json: the values, the types, and
// the members of namespaces such as `Pacer.make`. With --write it writes those files; with --json it prints the names for
// apps/conformance/test/public-names.test.ts to compare.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { posix } from "node:path"

import { entryFile, resolve } from "./import-graph.mjs"
import { filesOf, parse, report } from "./sources.mjs"

const nameOf = (node) => node.name ?? node.value
const value = { isValue: true }
const type = { isValue: false }

/** Returns the names that a declaration declares and whether each has a value. */
const declaredBy = (node) => {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [[id.name, value]] : [],
      )
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
      return [[node.id.name, value]]
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [[node.id.name, type]]
    default:
      return []
  }
}

/** Adds a name; one that is declared as a value and as a type is both. */
const add = (names, name, { isValue, members }) => {
  const known = names.get(name) ?? { isValue: false, isType: false }
  names.set(name, {
    isValue: known.isValue || isValue,
    isType: known.isType || !isValue,
    members: members ?? known.members,
  })
}

const exported = new Map()

/** Returns the names that a module exports; modules do not import each other in a cycle. */
const exportsOf = (file) => {
  const known = exported.get(file)
  if (known !== undefined) return known
  const names = new Map()
  exported.set(file, names)
  const { program } = parse(file)
  const locals = new Map()
  const imported = new Map()
  for (const node of program.body) {
    for (const [name, kind] of declaredBy(node)) add(locals, name, kind)
    if (node.type !== "ImportDeclaration") continue
    for (const one of node.specifiers) {
      const isType = node.importKind === "type" || one.importKind === "type"
      const name = one.type === "ImportSpecifier" ? nameOf(one.imported) : undefined
      imported.set(one.local.name, { source: node.source.value, name, isType })
    }
  }
  /** Adds a name of another module; everything of it as a namespace if `name` is undefined. */
  const addFrom = (source, name, as, isType) => {
    const target = resolve(file, source)
    if (target === undefined) return add(names, as, isType ? type : value)
    if (name === undefined) return add(names, as, { isValue: !isType, members: exportsOf(target) })
    const found = exportsOf(target).get(name)
    if (found === undefined) throw new Error(`${file}: ${source} exports no ${name}`)
    if (found.isValue && !isType) add(names, as, { isValue: true, members: found.members })
    if (found.isType || isType) add(names, as, type)
  }
  for (const node of program.body) {
    if (node.type === "ExportDefaultDeclaration") add(names, "default", value)
    if (node.type === "ExportAllDeclaration") {
      const isType = node.exportKind === "type"
      if (node.exported !== null)
        addFrom(node.source.value, undefined, nameOf(node.exported), isType)
      else {
        for (const name of exportsOf(resolve(file, node.source.value)).keys()) {
          if (name !== "default") addFrom(node.source.value, name, name, isType)
        }
      }
    }
    if (node.type !== "ExportNamedDeclaration") continue
    for (const [name, kind] of node.declaration === null ? [] : declaredBy(node.declaration)) {
      add(names, name, kind)
    }
    for (const one of node.specifiers) {
      const isType = node.exportKind === "type" || one.exportKind === "type"
      const [local, as] = [nameOf(one.local), nameOf(one.exported)]
      const from = imported.get(local)
      const own = locals.get(local)
      if (node.source !== null) addFrom(node.source.value, local, as, isType)
      else if (from !== undefined) addFrom(from.source, from.name, as, isType || from.isType)
      else {
        if (own?.isValue === true && !isType) add(names, as, value)
        if (own?.isType === true || isType) add(names, as, type)
      }
    }
  }
  return names
}

/** Returns the names as a list, with the members of a namespace after its own name and a dot. */
const listed = (names, kind, prefix = "") =>
  [...names]
    .flatMap(([name, one]) =>
      one.members !== undefined && one.isValue
        ? listed(one.members, kind, `${prefix}${name}.`)
        : one[kind]
          ? [`${prefix}${name}`]
          : [],
    )
    .toSorted()

const packages = new Map()
for (const file of filesOf("packages/*/package.json")) {
  const {
    name,
    private: isPrivate,
    exports,
    publishConfig,
  } = JSON.parse(readFileSync(file, "utf8"))
  if (isPrivate === true) continue
  const entries = Object.keys(publishConfig?.exports ?? exports ?? {})
    .filter((entry) => entry !== "./package.json")
    .map((entry) => {
      const source = entryFile(name, entry)
      if (source === undefined) throw new Error(`${file}: exports lacks the entry ${entry}`)
      const names = exportsOf(source)
      return [entry, { values: listed(names, "isValue"), types: listed(names, "isType") }]
    })
  // a command without a library has none
  if (entries.length === 0) continue
  packages.set(name, {
    file: posix.join(posix.dirname(file), "public-names.json"),
    entries: Object.fromEntries(entries),
  })
}

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(Object.fromEntries(packages)))
} else {
  const problems = []
  let count = 0
  for (const { file, entries } of packages.values()) {
    const text = `${JSON.stringify(entries, null, 2)}\n`
    count += Object.values(entries).reduce(
      (sum, { values, types }) => sum + values.length + types.length,
      0,
    )
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue
    if (process.argv.includes("--write")) writeFileSync(file, text)
    else problems.push(`${file} is not what the package exports`)
  }
  report(problems, `${count} public names of ${packages.size} packages`)
}
