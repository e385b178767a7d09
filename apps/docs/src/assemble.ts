/** Writes the site's content from the repository: pages for Starlight, their Markdown twins, indexes, pictures and sidebar. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { assetOf, withLinks } from "./Links.ts"
import type { Map as LinkMap } from "./Links.ts"
import { llms, pagesOf } from "./Llms.ts"
import type { Page } from "./Page.ts"
import { twinOf } from "./Page.ts"
import type { Section } from "./Sections.ts"
import { withoutTabs, withTabs } from "./Tabs.ts"

const app = fileURLToPath(new URL("..", import.meta.url))

/** The root of the repository. */
export const root: string = join(app, "../..")

const slugOf = ({ path }: Page): string => (path === "" ? "index" : path)

const frontmatter = (page: Page): string =>
  [
    "---",
    `title: ${JSON.stringify(page.title)}`,
    `description: ${JSON.stringify(page.description)}`,
    `slug: ${JSON.stringify(slugOf(page))}`,
    "---",
  ].join("\n")

interface Link {
  readonly label: string
  readonly slug: string
}

const linkOf = (page: Page): Link => ({ label: page.title, slug: slugOf(page) })

/** Returns the navigation as Starlight reads it. */
const sidebarOf = (sections: ReadonlyArray<Section>) =>
  sections.map(({ title, pages, groups }) => ({
    label: title,
    items: [
      ...pages.map(linkOf),
      ...groups.map((group) => ({
        label: group.title,
        collapsed: true,
        items: group.pages.map(linkOf),
      })),
    ],
  }))

/** Returns every file of the site's content by its path below the folder, and the files of the repository to copy. */
export const contentOf = (
  sections: ReadonlyArray<Section>,
): {
  readonly texts: ReadonlyMap<string, string>
  readonly copies: ReadonlyMap<string, string>
} => {
  const pages = sections.flatMap(pagesOf)
  const copies = new Map<string, string>()
  const map: LinkMap = {
    root,
    // what is generated has the page of its source only if no file has it
    pages: new Map(pages.toReversed().map(({ source, path }) => [source, path])),
    paths: new Set(pages.map(({ path }) => path)),
    use: (file) => copies.set(`public/${assetOf(file)}`, file),
  }
  const texts = new Map<string, string>()
  const twins: Array<string> = []
  for (const page of pages) {
    if (texts.has(`pages/${slugOf(page)}.md`)) throw new Error(`two pages at /${page.path}`)
    texts.set(
      `pages/${slugOf(page)}.md`,
      `${frontmatter(page)}\n\n${withTabs(withLinks(page, map))}\n`,
    )
    const twin = `# ${page.title}\n\n${withoutTabs(withLinks(page, map, true))}\n`
    texts.set(`public/${twinOf(page.path)}`, twin)
    twins.push(twin)
  }
  texts.set("public/llms.txt", llms(sections))
  texts.set("public/llms-full.txt", twins.join("\n"))
  texts.set("sidebar.json", JSON.stringify(sidebarOf(sections)))
  copies.set("public/favicon.svg", "apps/docs/site/favicon.svg")
  return { texts, copies }
}

/** Removes the content of the last build and writes it again. */
export const assemble = (sections: ReadonlyArray<Section>): void => {
  const folder = join(app, "content")
  rmSync(folder, { recursive: true, force: true })
  const { texts, copies } = contentOf(sections)
  const prepare = (path: string) => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    return file
  }
  for (const [path, text] of texts) writeFileSync(prepare(path), text)
  for (const [path, file] of copies) copyFileSync(join(root, file), prepare(path))
}
