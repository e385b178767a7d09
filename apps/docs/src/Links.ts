/** Rewrites the links of a page: they are written for readers of the repository, and lead to pages of the site here. */
import { existsSync, statSync } from "node:fs"
import { dirname, join, normalize } from "node:path/posix"

import type { Page } from "./Page.ts"
import { twinOf } from "./Page.ts"

const repository = "https://github.com/aelyst/aelyst"
const own = new RegExp(`^${repository}/(?:blob|tree)/main/([^#]*)(#.*)?$`)

/** The targets of links: `site:` and an address is a page, everything else a file of the repository or another site. */
export interface Map {
  /** The root of the repository. */
  readonly root: string
  /** The address of the page of each file. */
  readonly pages: ReadonlyMap<string, string>
  /** The addresses of all pages. */
  readonly paths: ReadonlySet<string>
  /** Receives each file that pages show or link and the site must hold. */
  readonly use: (file: string) => void
}

/** Returns the way from one page to another address of the site. */
const relative = (from: string, to: string): string => {
  const up = from === "" ? "./" : "../".repeat(from.split("/").length)
  return `${up}${to}`
}

const isAsset = (file: string) => /\.(svg|png|json)$/.test(file)

/** Returns the name of a picture or a document on the site. */
export const assetOf = (file: string): string => file.replace(/^docs\//, "")

/** Returns the target of a link of `page`, on the site or among its Markdown files. Throws if it does not exist. */
const targetOf = (page: Page, link: string, map: Map, asMarkdown: boolean): string => {
  if (link.startsWith("#")) return link
  // a twin is a file next to the folder of its page
  const base = asMarkdown ? dirname(`/${twinOf(page.path)}`).slice(1) : page.path
  const to = (path: string) =>
    relative(base, asMarkdown ? twinOf(path) : path === "" ? "" : `${path}/`)
  if (link.startsWith("site:")) {
    const [path = "", hash] = link.slice("site:".length).split("#")
    if (!map.paths.has(path)) throw new Error(`${page.source}: a link to ${link}, which is no page`)
    return hash === undefined ? to(path) : `${to(path)}#${hash}`
  }
  const [, there, anchor = ""] = own.exec(link) ?? []
  if (there === undefined && /^[a-z]+:/.test(link)) return link
  const [path = "", fragment] = link.split("#")
  // #readme is the top of a page on GitHub
  const hash = (there === undefined ? `#${fragment ?? ""}` : anchor).replace(/^#(readme)?$/, "")
  const file = normalize(there ?? join(dirname(page.source), path)).replace(/\/$/, "")
  const full = join(map.root, file)
  if (!existsSync(full)) throw new Error(`${page.source}: a link to ${file}, which does not exist`)
  const isFolder = statSync(full).isDirectory()
  const found = map.pages.get(file) ?? map.pages.get(join(file, "README.md"))
  if (found !== undefined) return `${to(found)}${hash}`
  if (!isFolder && isAsset(file)) {
    map.use(file)
    return relative(base, assetOf(file))
  }
  return `${repository}/${isFolder ? "tree" : "blob"}/main/${file}${hash}`
}

const targets =
  /(`+)(?:(?!\1).)+\1|!\[([^\]]*)\]\(([^()\s]+)\)|(\]\()([^()\s]+)(?=[\s)])|((?:src|srcset|href)=")([^"]+)/g

/** Returns the Markdown of a page with its links rewritten; code stays as it is. */
export const withLinks = (page: Page, map: Map, asMarkdown = false): string => {
  const to = (link = "") => targetOf(page, link, map, asMarkdown)
  let inBlock = false
  return page.body
    .split("\n")
    .map((text) => {
      if (/^\s*```/.test(text)) inBlock = !inBlock
      if (inBlock) return text
      return text.replaceAll(targets, (match, tick, alt, image, open, link, attribute, url) => {
        if (tick !== undefined) return match
        if (image === undefined) return `${open ?? attribute}${to(link ?? url)}`
        // as HTML, so that the picture is served as it is
        return asMarkdown ? `![${alt}](${to(image)})` : `<img alt="${alt}" src="${to(image)}">`
      })
    })
    .join("\n")
}
