/** Writes the indexes for language models: `llms.txt` lists every page, `llms-full.txt` holds them. */
import type { Page } from "./Page.ts"
import { twinOf } from "./Page.ts"
import type { Section } from "./Sections.ts"

/** Returns every page of a section. */
export const pagesOf = ({ pages, groups }: Section): ReadonlyArray<Page> => [
  ...pages,
  ...groups.flatMap((group) => group.pages),
]

/** Returns the list of all pages as Markdown, with a link to each one's Markdown file. */
export const llms = (sections: ReadonlyArray<Section>): string => {
  const [first] = sections.flatMap(pagesOf)
  return [
    `# ${first?.title ?? ""}`,
    "",
    `> ${first?.description ?? ""}`,
    "",
    "Every page as one file: [llms-full.txt](/llms-full.txt)",
    ...sections.flatMap((section) => [
      "",
      `## ${section.title}`,
      "",
      ...pagesOf(section).map(
        ({ path, title, description }) => `- [${title}](/${twinOf(path)}): ${description}`,
      ),
    ]),
    "",
  ].join("\n")
}
