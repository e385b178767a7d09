// What the builds of the bundled packages share: minified code that keeps the names of its classes and has short lines,
// and declarations of one file per entry, for `import` and for `require`.
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseSync, Visitor } from "oxc-parser"

/** The longest line that a bundle may have: Node prints the whole line above an uncaught error. */
const longestLine = 2_000
/** The width at which lines are broken; a long text is cut at half of the longest line. */
const width = 160

const keepNames = { class: true, function: false }

const parse = (code, format) => {
  const sourceType = format === "cjs" ? "commonjs" : "module"
  const { program, errors } = parseSync("chunk.js", code, { sourceType })
  if (errors.length > 0) throw new Error(errors[0].message)
  return program
}

/** Writes a program down without what a line break changes: positions, and texts as they are spelled. */
const meaning = (program) =>
  JSON.stringify(program, (key, value) => {
    if (key === "start" || key === "end" || key === "raw") return undefined
    return typeof value === "bigint" ? String(value) : value
  })

const isMember = /^(?:MethodDefinition|PropertyDefinition|AccessorProperty|StaticBlock)$/
const isStatement = /(?:Statement|Declaration)$/

/**
 * Lists the starts of nodes at which a line may begin: behind `,`, `;` and `{`, which never get a semicolon inserted, and
 * behind the `}` of a statement or a member.
 */
const startsIn = (program, code) => {
  const starts = new Set()
  const visit = (node) => {
    if (typeof node !== "object" || node === null) return
    if (typeof node.type === "string" && node.type !== "TemplateElement") {
      const before = code[node.start - 1]
      const isFree = before === "," || before === ";" || before === "{"
      const begins = isStatement.test(node.type) || isMember.test(node.type)
      if (isFree || (before === "}" && begins)) starts.add(node.start)
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(program)
  return [...starts].toSorted((a, b) => a - b)
}

/** Lists the strings and the templates without a tag. */
const textsIn = (program) => {
  const texts = []
  const tagged = new Set()
  new Visitor({
    TaggedTemplateExpression: ({ quasi }) => tagged.add(quasi),
    TemplateLiteral: (node) => {
      if (!tagged.has(node)) texts.push(...node.quasis)
    },
    Literal: (node) => {
      if (typeof node.value === "string") texts.push(node)
    },
  }).visit(program)
  return texts.filter(({ end, start }) => end - start > longestLine / 2)
}

const character = /\\(?:u\{[^}]*\}|u.{4}|x..|[0-7]{1,3}|[^])|[\ud800-\udbff][\udc00-\udfff]|[^]/g

/** Cuts a long text by line continuations, which are no part of its value. */
const cut = (text) => {
  let column = 0
  return text.replace(character, (part) => {
    column = part === "\n" || part === "\\\n" ? 0 : column + part.length
    if (column <= longestLine / 2) return part
    column = part.length
    return `\\\n${part}`
  })
}

const breakLines = (code, format) => {
  const program = parse(code, format)
  const edits = textsIn(program).map(({ end, start }) => ({ start, end, isText: true }))
  let line = 0
  let last = 0
  for (const start of startsIn(program, code)) {
    line = Math.max(line, code.lastIndexOf("\n", start - 1) + 1)
    if (start - line > width && last > line) {
      edits.push({ start: last, end: last, isText: false })
      line = last
    }
    last = start
  }
  let result = ""
  let at = 0
  for (const { end, isText, start } of edits.toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    result += `${code.slice(at, start)}${isText ? cut(code.slice(start, end)) : "\n"}`
    at = end
  }
  result += code.slice(at)
  if (meaning(parse(result, format)) !== meaning(program)) {
    throw new Error("breaking the lines has changed the code")
  }
  return result
}

/**
 * Holds the options of every build of code: a class that the bundler numbers is told its name, and the code for `require`
 * runs in strict mode as that for `import` does.
 */
export const output = {
  platform: "node",
  target: "node22.19",
  dts: false,
  fixedExtension: false,
  outputOptions: { keepNames: true, strict: true },
}

/** Holds the options of minified code whose classes keep their names and whose lines are short. */
export const minified = {
  minify: { compress: { keepNames }, mangle: { keepNames } },
  sourcemap: false,
  plugins: [
    {
      name: "wrap",
      generateBundle: ({ format }, bundle) => {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== "chunk") continue
          chunk.code = breakLines(chunk.code, format)
          const longest = Math.max(...chunk.code.split("\n").map((line) => line.length))
          if (longest > longestLine) throw new Error(`${chunk.fileName}: ${longest} in one line`)
        }
      },
    },
  ],
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const typesOfCore = join(root, "packages/core/dist/types.d.ts")

/** Finds what the declarations of tsc import: core's types, and one another by the names of the sources. */
const resolveDeclarations = {
  name: "resolve-declarations",
  resolveId: {
    order: "pre",
    handler: (id, importer) => {
      if (id === "@aelyst/core/types") return typesOfCore
      return importer !== undefined && id.startsWith(".")
        ? resolve(dirname(importer), id.replace(/\.(?:js|ts)$/, ".d.ts"))
        : undefined
    },
  },
}

/**
 * Takes the private members out of the classes of declarations. They would make the class for `import` and the one for
 * `require` two types, though either may be passed for the other.
 */
const withoutPrivate = (code) => code.replaceAll(/^ *#private;\n/gm, "")

/**
 * Returns the options that make one file of declarations for each entry out of those that tsc has written below
 * `.tsbuildinfo/types`, and the same again for `require`. An entry of `importOnly` has only the first; the files in
 * `written` were written by hand and are copied.
 */
export const declarations = (entry, { importOnly = {}, written = {} } = {}) => ({
  entry: Object.fromEntries(
    Object.entries({ ...entry, ...importOnly }).map(([name, source]) => [
      name,
      `./.tsbuildinfo/types/${source}.d.ts`,
    ]),
  ),
  platform: "node",
  format: "esm",
  fixedExtension: false,
  clean: false,
  dts: { dtsInput: true, emitDtsOnly: true, generator: "oxc", sourcemap: false },
  deps: { neverBundle: [/^effect/, /^@aelyst\/(?!core\/types$)/] },
  outputOptions: { chunkFileNames: "shared.js", minifyInternalExports: false },
  // first, or the bundler of declarations looks for sources
  inputOptions: (options) => ({ ...options, plugins: [resolveDeclarations, options.plugins] }),
  plugins: [
    {
      name: "declarations",
      generateBundle(_options, bundle) {
        const emit = (fileName, source) => this.emitFile({ type: "asset", fileName, source })
        for (const file of Object.values(bundle)) {
          file.code = withoutPrivate(file.code)
          const name = file.fileName.replace(/\.d\.ts$/, "")
          if (name in importOnly) continue
          emit(`${name}.d.cts`, file.code.replaceAll(/(from "\.[^"]*)\.js"/g, '$1.cjs"'))
        }
        for (const [name, source] of Object.entries(written)) {
          for (const kind of ["ts", "cts"]) emit(`${name}.d.${kind}`, readFileSync(source, "utf8"))
        }
      },
    },
  ],
})
