/** A page of the site: Markdown that a file of the repository has, or that a generator makes of sources. */

/** Describes a page. */
export interface Page {
  /** The address without slashes at its ends, such as `guides/start`; empty for the first page. */
  readonly path: string
  readonly title: string
  /** The first words of the page, without Markdown. */
  readonly description: string
  /** The Markdown below the title. */
  readonly body: string
  /** The file it is taken or made from, relative to the root of the repository; links start there. */
  readonly source: string
}

/** Returns the address of a file's page: as the file is called, without `docs/` and in lower case. */
export const pathOf = (file: string): string =>
  file === "README.md"
    ? ""
    : file
        .toLowerCase()
        .replace(/^docs\//, "")
        .replace(/^packages\/(.*)\/changelog\.md$/, "changelogs/$1")
        .replace(/\/readme\.md$|\.md$/, "")

/** Returns the name of the Markdown file of a page, relative to the root of the site. */
export const twinOf = (path: string): string => `${path === "" ? "index" : path}.md`

const limit = 200

/** Returns the text without marks of Markdown. */
const plain = (markdown: string): string =>
  markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[`*]|<[^>]+>/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** Returns the sentences at the beginning of a page, as many as fit. */
const describe = (body: string): string => {
  const paragraph = body
    .trim()
    .split(/\n{2,}/)
    .find((part) => /^[A-Za-z`[*"]/.test(part) && !part.startsWith("```"))
  const text = plain(paragraph ?? "")
  if (text.length <= limit) return text.replace(/:$/, ".")
  const end = Math.max(text.lastIndexOf(". ", limit), text.lastIndexOf(": ", limit))
  return end > 0 ? `${text.slice(0, end)}.` : `${text.slice(0, text.lastIndexOf(" ", limit))} …`
}

/** Creates a page from Markdown that begins with its title; comments are left out. */
export const pageOf = (source: string, markdown: string, path: string = pathOf(source)): Page => {
  const text = markdown.replaceAll(/^<!--(?! tabs).*?-->\n/gms, "")
  const [, title = "", body = ""] = /^# (.+)\n([\s\S]*)$/.exec(text.trimStart()) ?? []
  if (title === "") throw new Error(`${source}: no title in the first line`)
  return { path, title: plain(title), description: describe(body), body: body.trim(), source }
}

/** Returns the section below a heading of the second level as a page. */
export const sectionOf = (
  source: string,
  markdown: string,
  heading: string,
  { path, title }: Pick<Page, "path" | "title">,
): Page => {
  const [, ...sections] = markdown.split(/^(?=## )/m)
  const section = sections.find((part) => part.startsWith(`## ${heading}\n`))
  if (section === undefined) throw new Error(`${source}: no section ${heading}`)
  return { ...pageOf(source, section.replaceAll(/^##/gm, "#"), path), title }
}
