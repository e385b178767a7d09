/** Holds the whole content of the site, as it is before Starlight renders it. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"

import { allCodes, docsOf } from "../../../packages/cli/src/ErrorCode.ts"
import { read as readExamples } from "../../docs-test/src/Examples.ts"
import { parse } from "../../docs-test/src/Blocks.ts"
import { documents, exampleSources } from "../../docs-test/src/Documents.ts"
import { contentOf, root } from "../src/assemble.ts"
import { pagesOf } from "../src/Llms.ts"
import type { Page } from "../src/Page.ts"
import { pathOf, twinOf } from "../src/Page.ts"
import { sections } from "../src/Sections.ts"

const filesOf = (...patterns: ReadonlyArray<string>) =>
  globSync(patterns, { cwd: root }).map((file) => file.replaceAll("\\", "/"))
const textOf = (file: string) => readFileSync(join(root, file), "utf8")

interface Names {
  readonly values: ReadonlyArray<string>
  readonly types: ReadonlyArray<string>
}

let pages: ReadonlyArray<Page>
let content: ReturnType<typeof contentOf>
beforeAll(async () => {
  const all = await sections(root)
  pages = all.flatMap(pagesOf)
  content = contentOf(all)
})
const file = (path: string): string => content.texts.get(path) ?? ""

describe("the pages", () => {
  it("take every document of the repository, from its one source", () => {
    const expected = filesOf("*.md", "docs/**/*.md", "packages/*/README.md")
    expect(expected.length).toBeGreaterThan(100)
    const paths = pages.map(({ path }) => path)
    expect(expected.filter((one) => !paths.includes(pathOf(one)))).toStrictEqual([])
    expect(new Set(paths).size).toBe(paths.length)
  })

  it("have a title and a description of one line", () => {
    const incomplete = pages.filter(
      ({ description, title }) => title === "" || !/^.{10,}$/.test(description),
    )
    expect(incomplete.map(({ path }) => path)).toStrictEqual([])
  })

  it("are the targets of the command's links, for every code", () => {
    const lost = [...allCodes.keys()].filter((code) => {
      const [, path = ""] = docsOf(code).split("/blob/main/")
      const page = `pages/errors/${code.toLowerCase()}.md`
      return !existsSync(join(root, path)) || !content.texts.has(page)
    })
    expect(lost).toStrictEqual([])
  })

  it("document every name that a package exports", () => {
    const missing = filesOf("packages/*/public-names.json").flatMap((list) => {
      const folder = list.split("/")[1]
      // safe: scripts/public-names.mjs writes them so
      const entries = Object.entries(JSON.parse(textOf(list)) as Readonly<Record<string, Names>>)
      return entries.flatMap(([entry, { types, values }]) => {
        const path = ["reference/api", folder, entry.slice(2)]
          .filter((part) => part !== "")
          .join("/")
        const body = pages.find((page) => page.path === path)?.body ?? ""
        return [...values, ...types]
          .filter((name) => !body.includes(`\n### ${name}\n`))
          .map((name) => `/${path}: ${name}`)
      })
    })
    expect(missing).toStrictEqual([])
  })

  it("wait for the build of every package, whose declarations they read", () => {
    const names = filesOf("packages/*/package.json").map((one) => `@aelyst/${one.split("/")[1]}`)
    // safe: npm writes it so
    const { devDependencies } = JSON.parse(textOf("apps/docs/package.json")) as {
      readonly devDependencies: Readonly<Record<string, string>>
    }
    expect(names.filter((name) => !(name in devDependencies))).toStrictEqual([])
  })

  it("show only blocks that are run, as READMEs, guides or examples of docstrings", () => {
    const examples = exampleSources(root).flatMap((one) => readExamples(one, textOf(one)).examples)
    const blocks = documents(root).flatMap((one) => parse(textOf(one)))
    const run = new Set([...blocks, ...examples].map(({ code }) => code.trim()))
    const unrun = pages.flatMap(({ body, path }) =>
      [...body.matchAll(/^```(?:ts|js|sh)(?: server)?\n([\s\S]*?)^```$/gm)]
        .filter(([, code = ""]) => !run.has(code.trim()))
        .map(([, code = ""]) => `/${path}: ${code.split("\n", 1)[0]}`),
    )
    expect(unrun).toStrictEqual([])
  })
})

describe("the files for language models", () => {
  it("are complete: each page is listed, has a Markdown file and is in the full text", () => {
    const index = file("public/llms.txt")
    const full = file("public/llms-full.txt")
    const missing = pages.filter(({ path, title }) => {
      const twin = file(`public/${twinOf(path)}`)
      const isListed = index.includes(`](/${twinOf(path)}): `)
      return !isListed || !twin.startsWith(`# ${title}\n`) || !full.includes(twin)
    })
    expect(missing.map(({ path }) => path)).toStrictEqual([])
    expect(index.match(/^- \[/gm)).toHaveLength(pages.length)
  })

  it("link to each other's Markdown", () => {
    const links = [...file("public/guides/start.md").matchAll(/\]\(((?!https?:)[^)]+)\)/g)]
    expect(links.length).toBeGreaterThan(3)
    const broken = links.filter(([, link = ""]) => {
      const { pathname } = new URL(link, "http://localhost/guides/start.md")
      return !content.texts.has(`public${pathname}`) && !content.copies.has(`public${pathname}`)
    })
    expect(broken).toStrictEqual([])
  })
})
