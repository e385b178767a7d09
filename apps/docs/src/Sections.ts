/** The order of the pages: sections, and in each the pages that are named first, then those that match a pattern. */
import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

import type { Page } from "./Page.ts"
import { pageOf, sectionOf } from "./Page.ts"
import { apiPages } from "./reference/Api.ts"
import { changelogPages } from "./reference/Changelogs.ts"
import { commandPages, tablePages } from "./reference/Commands.ts"

/** A part of the navigation; groups inside are folded. */
export interface Section {
  readonly title: string
  readonly pages: ReadonlyArray<Page>
  readonly groups: ReadonlyArray<{ readonly title: string; readonly pages: ReadonlyArray<Page> }>
}

/** Reads the pages of files, those of a pattern in the order of their names, each file once. */
const reader = (root: string) => {
  const seen = new Set<string>()
  return (...patterns: ReadonlyArray<string>): ReadonlyArray<Page> =>
    patterns.flatMap((pattern) =>
      globSync(pattern, { cwd: root })
        .map((file) => file.replaceAll("\\", "/"))
        .toSorted()
        .filter((file) => !seen.has(file) && seen.add(file))
        .map((file) => pageOf(file, readFileSync(join(root, file), "utf8"))),
    )
}

const first = ["core", "node", "express", "outbox", "cli", "import", "journal", "redis", "sandbox"]

/** Lists the folders of the packages: those that most people look for first, then the others. */
const packagesOf = (root: string): ReadonlyArray<string> => {
  const all = globSync("packages/*/package.json", { cwd: root }).map((file) =>
    basename(dirname(file)),
  )
  return [...first, ...all.filter((name) => !first.includes(name)).toSorted()]
}

/** Returns every section of the site. A page in `docs/` that no section names is a guide. */
export const sections = async (root: string): Promise<ReadonlyArray<Section>> => {
  const read = reader(root)
  const packages = packagesOf(root)
  const [command, ...commands] = await commandPages()
  const start = read("README.md", "docs/guides/start.md", "docs/guides/choose-a-package.md")
  const concepts = read("docs/concepts/*.md", "docs/rate-limits.md")
  const readmes = read(...packages.map((name) => `packages/${name}/README.md`))
  const errors = read("docs/errors.md")
  const wire = read("docs/wire.md")
  const project = read(
    "docs/design.md",
    "docs/reliability.md",
    "docs/benchmarks.md",
    "docs/field-reports.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
  )
  const sandbox = "packages/sandbox/README.md"
  const control = sectionOf(sandbox, readFileSync(join(root, sandbox), "utf8"), "Admin API", {
    path: "reference/sandbox-api",
    title: "Control API of the sandbox",
  })
  return [
    { title: "Start", pages: start, groups: [] },
    {
      title: "Guides",
      pages: read(
        "docs/import-a-csv.md",
        "docs/guides/clean-phone-numbers.md",
        "docs/guides/resume-and-retries.md",
        "docs/guides/rate-limited.md",
        "docs/guides/form-with-express.md",
        "docs/a-form-that-never-loses-a-contact.md",
        "docs/guides/token-on-the-server.md",
        "docs/several-processes.md",
        "docs/several-machines.md",
        "docs/scaling.md",
        "docs/testing.md",
        "docs/guides/*.md",
        "docs/*.md",
      ),
      groups: [],
    },
    { title: "Concepts", pages: concepts, groups: [] },
    { title: "Packages", pages: readmes, groups: [] },
    {
      title: "Reference",
      pages: [...tablePages(), ...errors, control, ...wire],
      groups: [
        { title: "Command", pages: command === undefined ? [] : [command, ...commands] },
        { title: "API", pages: packages.flatMap((name) => apiPages(root, name)) },
        { title: "Error codes", pages: read("docs/errors/*.md") },
      ],
    },
    {
      title: "Project",
      pages: project,
      groups: [
        { title: "Changelogs", pages: changelogPages(root, packages) },
        { title: "Decisions", pages: read("docs/decisions/*.md") },
      ],
    },
  ]
}
