/** Reads what an entry of a package declares to its users, from the declarations that the build writes. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parseSync } from "oxc-parser"

/** Describes one public name. */
export interface Declaration {
  /** The name for importers, such as `Identifier.parse`. */
  readonly name: string
  readonly kind: "class" | "function" | "interface" | "type" | "value"
  /** The declaration without its docstring; one for each overload. */
  readonly signature: string
  readonly docs: string
  /** The members whose docstring is longer than a paragraph, with that docstring. */
  readonly members: ReadonlyArray<{ readonly name: string; readonly docs: string }>
}

interface Found {
  readonly file: string
  readonly name: string
}
interface Module {
  readonly text: string
  readonly docOf: (start: number) => string
  readonly locals: ReadonlyMap<string, ReadonlyArray<Node>>
  /** Names that come from other modules, or from a namespace of this one. */
  readonly imports: ReadonlyMap<string, Found>
  readonly exports: ReadonlyMap<string, Found>
  readonly namespaces: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** The packages of names that come from other packages. */
  readonly packages: ReadonlyMap<string, string>
}

type Program = ReturnType<typeof parseSync>["program"]
type Statement = Program["body"][number]
interface Node {
  readonly start: number
  readonly end: number
  readonly node: Statement
}

const nameOf = (node: {
  readonly type: string
  readonly name?: string
  readonly value?: unknown
}) => node.name ?? String(node.value)

/** Returns the text of a docstring without its stars. */
const textOf = (comment: string): string =>
  comment
    .split("\n")
    .map((text) => text.replace(/^\s*\*? ?/, ""))
    .join("\n")
    .trim()

const modules = new Map<string, Module>()

/** Returns the declarations next to a module: `./A.ts` or `./A.js` is `A.d.ts`. */
const resolve = (from: string, specifier: string): string | undefined => {
  if (!specifier.startsWith(".")) return undefined
  const file = join(dirname(from), specifier.replace(/\.[jt]s$/, ".d.ts"))
  if (!existsSync(file)) throw new Error(`${from}: ${specifier} has no declarations`)
  return file
}

const declaredNames = (node: Statement): ReadonlyArray<string> => {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []))
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
      return node.id === null ? [] : [node.id.name]
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      return [node.id.name]
    default:
      return []
  }
}

const read = (file: string): Module => {
  const known = modules.get(file)
  if (known !== undefined) return known
  const text = readFileSync(file, "utf8")
  const { program, comments, errors } = parseSync(file, text)
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`)
  const docs = comments.filter(({ type, value }) => type === "Block" && value.startsWith("*"))
  const docOf = (start: number): string => {
    const doc = docs.findLast(({ end }) => end <= start)
    return doc !== undefined && text.slice(doc.end, start).trim() === ""
      ? textOf(doc.value.slice(1))
      : ""
  }
  const locals = new Map<string, Array<Node>>()
  const imports = new Map<string, Found>()
  const exports = new Map<string, Found>()
  const namespaces = new Map<string, ReadonlyMap<string, string>>()
  const packages = new Map<string, string>()
  const declare = (node: Statement, outer: Statement, isExported: boolean) => {
    for (const name of declaredNames(node)) {
      locals.set(name, [...(locals.get(name) ?? []), { start: outer.start, end: outer.end, node }])
      if (isExported) exports.set(name, { file, name })
    }
  }
  for (const node of program.body) {
    if (node.type === "ImportDeclaration") {
      const from = resolve(file, node.source.value)
      for (const one of node.specifiers) {
        const name = one.type === "ImportSpecifier" ? nameOf(one.imported) : "*"
        if (from === undefined) packages.set(one.local.name, node.source.value)
        else imports.set(one.local.name, { file: from, name })
      }
    } else if (node.type === "ExportAllDeclaration") {
      const from = resolve(file, node.source.value)
      if (from === undefined) continue
      if (node.exported === null)
        for (const [name, found] of read(from).exports) exports.set(name, found)
      else exports.set(nameOf(node.exported), { file: from, name: "*" })
    } else if (node.type === "ExportNamedDeclaration") {
      if (node.declaration !== null) declare(node.declaration, node, true)
      const from = node.source === null ? file : resolve(file, node.source.value)
      for (const { local, exported } of node.specifiers) {
        if (from === undefined && node.source !== null)
          packages.set(nameOf(exported), node.source.value)
        const name = from === undefined ? nameOf(exported) : nameOf(local)
        exports.set(nameOf(exported), { file: from ?? file, name })
      }
    } else if (node.type === "TSModuleDeclaration" && node.body !== null) {
      const members = new Map<string, string>()
      for (const inner of node.body.body) {
        if (inner.type !== "ExportNamedDeclaration") continue
        for (const { local, exported } of inner.specifiers)
          members.set(nameOf(exported), nameOf(local))
      }
      namespaces.set(node.id.type === "Identifier" ? node.id.name : "", members)
    } else declare(node, node, false)
  }
  const module = { text, docOf, locals, imports, exports, namespaces, packages }
  modules.set(file, module)
  return module
}

const kinds: Readonly<Record<string, Declaration["kind"]>> = {
  ClassDeclaration: "class",
  FunctionDeclaration: "function",
  TSDeclareFunction: "function",
  TSInterfaceDeclaration: "interface",
  TSTypeAliasDeclaration: "type",
}

/** Returns the members with long docstrings, and leaves the first paragraph of each in the text. */
const shorten = (module: Module, { start, end, node }: Node) => {
  const members: Array<{ name: string; docs: string }> = []
  const body =
    node.type === "ClassDeclaration" || node.type === "TSInterfaceDeclaration" ? node.body.body : []
  for (const member of body) {
    const docs = module.docOf(member.start)
    if (!docs.includes("\n**") || !("key" in member) || member.key.type !== "Identifier") continue
    members.push({ name: member.key.name, docs })
  }
  const text = module.text
    .slice(start, end)
    .replace(/^export /, "")
    .replace(/^declare /, "")
    // the rest of a docstring is below the signature
    .replaceAll(
      /\n\s*\*\s*\n\s*\* \*\*[\s\S]*?\*\//g,
      (rest) => `\n${/\n( *)\*\/$/.exec(rest)?.[1] ?? ""}*/`,
    )
  return { members, text }
}

const isFunction = (module: Module, nodes: ReadonlyArray<Node>): boolean =>
  nodes.some(
    ({ node, start, end }) =>
      node.type === "VariableDeclaration" &&
      /^[^:=]*: (?:<[^=]*>)?\(/.test(module.text.slice(start, end)),
  )

const declarationsOf = (as: string, { file, name }: Found): ReadonlyArray<Declaration> => {
  const module = read(file)
  if (name === "*") {
    return [...module.exports].flatMap(([inner, found]) => declarationsOf(`${as}.${inner}`, found))
  }
  const namespace = module.namespaces.get(name)
  if (namespace !== undefined) {
    return [...namespace].flatMap(([inner, local]) =>
      declarationsOf(`${as}.${inner}`, { file, name: local }),
    )
  }
  const nodes = module.locals.get(name)
  const from = module.packages.get(name)
  if (nodes === undefined && from !== undefined) {
    const signature = `export { ${name} } from "${from}"`
    return [{ name: as, kind: "type", signature, docs: "", members: [] }]
  }
  if (nodes === undefined) {
    const found = module.imports.get(name) ?? module.exports.get(name)
    if (found === undefined || (found.file === file && found.name === name))
      throw new Error(`${file}: ${name} is not declared`)
    return declarationsOf(as, found)
  }
  const shortened = nodes.map((node) => shorten(module, node))
  const value = isFunction(module, nodes) ? "function" : "value"
  return [
    {
      name: as,
      kind: nodes.map(({ node }) => kinds[node.type]).find((kind) => kind !== undefined) ?? value,
      signature: shortened.map(({ text }) => text).join("\n"),
      docs: nodes.map(({ start }) => module.docOf(start)).find((docs) => docs !== "") ?? "",
      members: shortened.flatMap(({ members }) => members),
    },
  ]
}

/** Returns every name that the declarations of an entry export, members of namespaces with the name of theirs. */
export const declarations = (file: string): ReadonlyArray<Declaration> =>
  [...read(file).exports].flatMap(([name, found]) => declarationsOf(name, found))
