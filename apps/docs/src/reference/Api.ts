/** Creates the pages of a package's API: one for each entry, from its declarations and their docstrings. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

import type { Page } from "../Page.ts"
import { pageOf } from "../Page.ts"
import type { Declaration } from "./Declarations.ts"
import { declarations } from "./Declarations.ts"
import { block, code, paragraphs } from "./Markdown.ts"

interface Entry {
  readonly types?: string
  readonly import?: Entry
  readonly default?: unknown
}
interface Manifest {
  readonly name: string
  readonly publishConfig: { readonly exports?: Readonly<Record<string, Entry | string>> }
}

const typesOf = (entry: Entry | string): string | undefined =>
  typeof entry === "string" ? undefined : (entry.types ?? entry.import?.types)

const headings: ReadonlyArray<readonly [Declaration["kind"], string]> = [
  ["function", "Functions"],
  ["class", "Classes"],
  ["value", "Values"],
  ["interface", "Interfaces"],
  ["type", "Types"],
]

/** Returns a docstring as Markdown: its headings stay bold, and `{@link name}` is code. */
const prose = (docs: string): string =>
  docs
    .replaceAll(/\{@link ([^}]+)\}/g, "`$1`")
    // a bare < would begin HTML
    .replaceAll(/(`[^`\n]*`)|<(?=[A-Za-z/])/g, (_, inCode?: string) => inCode ?? "&lt;")

/** Returns a docstring with its blocks as they are. */
const markdownOf = (docs: string): string =>
  docs
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) => (part.startsWith("```") ? part : prose(part)))
    .join("")

const section = ({ name, signature, docs, members }: Declaration): string =>
  paragraphs(
    `### ${name}`,
    block("ts signature", signature),
    markdownOf(docs),
    ...members.map((member) => paragraphs(`#### ${name}.${member.name}`, markdownOf(member.docs))),
  )

const entryPage = (
  folder: string,
  packageName: string,
  entry: string,
  types: string,
  root: string,
): Page => {
  const specifier = join(packageName, entry)
  const all = declarations(join(root, "packages", folder, types))
  const path = ["reference/api", folder, entry.replace(/^\.\/?/, "")].filter((part) => part !== "")
  return pageOf(
    `packages/${folder}/README.md`,
    paragraphs(
      `# ${specifier}`,
      `Everything that ${code(specifier)} exports, from its declarations: ${all.length} names. [${code(packageName)}](https://github.com/aelyst/aelyst/tree/main/packages/${folder}) shows how to use them.`,
      ...headings.flatMap(([kind, heading]) => {
        const found = all
          .filter((one) => one.kind === kind)
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        return found.length === 0 ? [] : [`## ${heading}`, ...found.map(section)]
      }),
    ),
    path.join("/"),
  )
}

/** Returns a page for each published entry of a package that has types. */
export const apiPages = (root: string, folder: string): ReadonlyArray<Page> => {
  const text = readFileSync(join(root, "packages", folder, "package.json"), "utf8")
  // safe: every package of this repository has these members
  const { name, publishConfig } = JSON.parse(text) as Manifest
  return Object.entries(publishConfig.exports ?? {}).flatMap(([entry, target]) => {
    const types = typesOf(target)
    return types === undefined ? [] : [entryPage(folder, name, entry, types, root)]
  })
}
