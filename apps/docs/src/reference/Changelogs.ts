/** Creates the page of changes of each package: its changelog, and above it the changesets of its next release. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"

import type { Page } from "../Page.ts"
import { pageOf } from "../Page.ts"
import { paragraphs } from "./Markdown.ts"

interface Changeset {
  readonly packages: ReadonlyMap<string, string>
  readonly text: string
}

const read = (file: string): Changeset => {
  const [, head = "", text = ""] =
    /^---\n([\s\S]*?)^---\n([\s\S]*)$/m.exec(readFileSync(file, "utf8")) ?? []
  const named = [...head.matchAll(/^"?(@aelyst\/[a-z-]+)"?: (\w+)$/gm)]
  return {
    packages: new Map(named.map(([, name = "", bump = ""]) => [name, bump])),
    text: text.trim(),
  }
}

const item = (text: string): string => `- ${text.replaceAll("\n", "\n  ")}`

/** Returns a page for each package. */
export const changelogPages = (
  root: string,
  packages: ReadonlyArray<string>,
): ReadonlyArray<Page> => {
  const changesets = globSync(".changeset/*.md", { cwd: root })
    .filter((file) => !file.endsWith("README.md"))
    .toSorted()
    .map((file) => read(join(root, file)))
  return packages.map((folder) => {
    const name = `@aelyst/${folder}`
    const file = `packages/${folder}/CHANGELOG.md`
    const released = existsSync(join(root, file))
      ? readFileSync(join(root, file), "utf8")
          .replace(/^# .*\n/, "")
          .trim()
      : ""
    const coming = changesets.filter((one) => one.packages.has(name))
    return pageOf(
      `packages/${folder}/README.md`,
      paragraphs(
        `# Changes of ${name}`,
        `What each release of \`${name}\` changes for its users.`,
        coming.length === 0 ? "" : "## Next release",
        ...coming.map(({ text }) => item(text)),
        released,
        released === "" && coming.length === 0 ? "No release yet." : "",
      ),
      `changelogs/${folder}`,
    )
  })
}
