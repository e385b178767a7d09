/**
 * Reads the examples in docstrings: a heading `**Example**` and the block of TypeScript below it. All are compiled and
 * run. `// => text` after a `console.log`, or on the lines below it, is the text that it must print; `…` stands for any
 * text.
 */
import { parseSync } from "oxc-parser"

/** Describes one example of a docstring. */
export interface Example {
  /** The file, relative to the root of the repository. */
  readonly file: string
  /** The line of the file where the code begins, from 1. */
  readonly line: number
  readonly code: string
  /** The lines that it must print, in order. */
  readonly expected: ReadonlyArray<string>
}

/** Describes an exported value, or a member of a class or interface. */
export interface Declaration {
  /** The name, such as `validate` or `Contacts.create`. */
  readonly name: string
  readonly isFunction: boolean
  readonly hasExample: boolean
}

/** Describes a source file: its examples, its declarations, and its exports from other files. */
export interface Source {
  readonly file: string
  readonly examples: ReadonlyArray<Example>
  readonly declarations: ReadonlyArray<Declaration>
  /** Values exported from other files; `name` is `*` for a whole module under the name `as`. */
  readonly passedOn: ReadonlyArray<{
    readonly as: string
    readonly name: string
    readonly from: string
  }>
}

const heading = "**Example**"

/** Returns the lines that code must print, in order. */
export const expectedOf = (code: string): ReadonlyArray<string> =>
  [...code.matchAll(/\/\/ => ?(.*)$/gm)].map((match) => (match[1] ?? "").trimEnd())

/** Reads the examples of one docstring whose first line is `first`. */
const examplesOf = (file: string, comment: string, first: number): ReadonlyArray<Example> => {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\* ?/, ""))
  const found: Array<Example> = []
  for (const [index, text] of lines.entries()) {
    if (!text.startsWith(heading)) continue
    const where = `${file}:${first + index}`
    const from = lines.findIndex((line, at) => at > index && line.trim() !== "")
    if (lines[from]?.trim() !== "```ts") throw new Error(`${where}: an example without a ts block`)
    const to = lines.findIndex((line, at) => at > from && line.trim() === "```")
    if (to === -1) throw new Error(`${where}: a block that does not end`)
    const code = `${lines.slice(from + 1, to).join("\n")}\n`
    found.push({ file, line: first + from + 1, code, expected: expectedOf(code) })
  }
  return found
}

/** Reads a source file of TypeScript. */
export const read = (file: string, text: string): Source => {
  const { program, comments, errors } = parseSync(file, text)
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`)
  const rowOf = (offset: number) => text.slice(0, offset).split("\n").length
  const docs = comments.filter(
    (comment) => comment.type === "Block" && comment.value.startsWith("*"),
  )
  const examples = docs.flatMap((doc) => examplesOf(file, doc.value, rowOf(doc.start)))

  // line comments may separate a docstring from its declaration
  const docOf = (start: number): string => {
    const doc = docs.findLast((one) => one.end <= start)
    const between = doc === undefined ? "x" : text.slice(doc.end, start)
    return /^(?:\s|\/\/.*\n)*$/.test(between) ? (doc?.value ?? "") : ""
  }
  const declarations: Array<Declaration> = []
  const declare = (name: string, isFunction: boolean, start: number) =>
    declarations.push({ name, isFunction, hasExample: docOf(start).includes(heading) })
  const passedOn: Array<Source["passedOn"][number]> = []

  for (const node of program.body) {
    if (node.type === "ExportAllDeclaration" && node.exportKind === "value") {
      if (node.exported === null) throw new Error(`${file}: export * without a name`)
      const as = node.exported.type === "Identifier" ? node.exported.name : ""
      passedOn.push({ as, name: "*", from: node.source.value })
      continue
    }
    if (node.type !== "ExportNamedDeclaration") continue
    if (node.source !== null) {
      for (const { exported, local, exportKind } of node.specifiers) {
        if (node.exportKind === "type" || exportKind === "type") continue
        if (exported.type !== "Identifier" || local.type !== "Identifier") continue
        passedOn.push({ as: exported.name, name: local.name, from: node.source.value })
      }
      continue
    }
    const declared = node.declaration
    switch (declared?.type) {
      case "FunctionDeclaration":
        declare(declared.id?.name ?? "", true, node.start)
        break
      case "VariableDeclaration":
        for (const { id, init } of declared.declarations) {
          if (id.type !== "Identifier") continue
          const type = init?.type
          const isFunction = type === "ArrowFunctionExpression" || type === "FunctionExpression"
          declare(id.name, isFunction, node.start)
        }
        break
      case "ClassDeclaration": {
        const owner = declared.id?.name ?? ""
        declare(owner, true, node.start)
        for (const member of declared.body.body) {
          if (member.type !== "MethodDefinition" || member.kind !== "method") continue
          if (member.key.type !== "Identifier" || member.computed) continue
          declare(`${owner}.${member.key.name}`, true, member.start)
        }
        break
      }
      case "TSInterfaceDeclaration":
        for (const member of declared.body.body) {
          if (member.type !== "TSMethodSignature" || member.key.type !== "Identifier") continue
          declare(`${declared.id.name}.${member.key.name}`, true, member.start)
        }
        break
      default:
    }
  }
  return { file, examples, declarations, passedOn }
}

/** Returns the printed lines, with `…` wherever the expected line has `…`, so that the two can be compared. */
export const generalise = (
  expected: ReadonlyArray<string>,
  printed: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  printed.map((line, index) => {
    const pattern = expected[index] ?? ""
    const parts = pattern.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    return new RegExp(`^${parts.join(".*")}$`).test(line.trimEnd()) ? pattern : line
  })
