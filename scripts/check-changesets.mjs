// Checks the changesets. A package that bundles another one's code is not released automatically when that code changes, so
// if the other package is released, a changeset must name this one, too; and every change of a package needs a changeset.
import { execFileSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))))

/** Lists who holds the code of whom. */
const heldBy = {
  "@aelyst/core": [
    "@aelyst/node",
    "@aelyst/cli",
    "@aelyst/sandbox",
    "@aelyst/outbox",
    "@aelyst/redis",
    "@aelyst/journal",
  ],
  "@aelyst/node": ["@aelyst/cli"],
  "@aelyst/sandbox": ["@aelyst/cli"],
  "@aelyst/import": ["@aelyst/cli"],
  "@aelyst/journal": ["@aelyst/cli"],
  "@aelyst/outbox": ["@aelyst/cli"],
}
const manifests = globSync("packages/*/package.json").map((file) => ({
  folder: `${dirname(file).replaceAll("\\", "/")}/`,
  ...JSON.parse(readFileSync(file, "utf8")),
}))
const names = new Set(manifests.map((manifest) => manifest.name))
const problems = []

const named = new Set()
for (const file of globSync(".changeset/*.md")) {
  if (file.endsWith("README.md")) continue
  const [, front = "", words = ""] =
    /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(readFileSync(file, "utf8")) ?? []
  const releases = new Set()
  for (const line of front.split(/\r?\n/)) {
    const [, name, kind] = /^["']?([^"':]+)["']?: *(major|minor|patch)$/.exec(line) ?? []
    if (name === undefined) problems.push(`${file}: cannot read the line ${JSON.stringify(line)}`)
    else if (!names.has(name)) problems.push(`${file}: ${name} is not a package of this repository`)
    else releases.add(name)
    if (kind === "major" && manifests.find((m) => m.name === name)?.version.startsWith("0.")) {
      problems.push(`${file}: before 1.0 a breaking change is a minor`)
    }
  }
  if (words.trim() === "") problems.push(`${file}: says nothing to the users`)
  for (const name of releases) named.add(name)
}
for (const name of named) {
  for (const holder of heldBy[name] ?? []) {
    if (names.has(holder) && !named.has(holder))
      problems.push(
        `${name} is released, whose code ${holder} holds, and no changeset names ${holder}`,
      )
  }
}

const git = (...args) => {
  try {
    return execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim()
  } catch {
    return undefined
  }
}
/** The commit that a branch is compared with: its merge base with main, or else the last release. */
const base = () => {
  const head = git("rev-parse", "HEAD")
  for (const main of ["origin/main", "main"]) {
    const fork = git("merge-base", "HEAD", main)
    if (fork !== undefined && fork !== head) return fork
  }
  return git("describe", "--tags", "--abbrev=0", "--match", "@aelyst/*")
}
const since = base()
const published = manifests.some((manifest) => manifest.version !== "0.0.0")
const hasChanged = ({ folder }) =>
  (git("diff", "--name-only", since, "--", folder) ?? "")
    .split("\n")
    .some((file) => file !== "" && !/\/test\/|CHANGELOG\.md$/.test(file))
// before the first release every package is new, so all of them must be named
let changed = manifests
if (published && since !== undefined) changed = manifests.filter(hasChanged)
if (published && since === undefined) {
  changed = []
  console.error("no history to compare with, so only the changesets themselves were checked")
}
// the commit of a release takes the changesets away and leaves changelogs
const releasing =
  since !== undefined && /CHANGELOG\.md$/m.test(git("diff", "--name-only", since) ?? "")
for (const manifest of releasing ? [] : changed) {
  if (manifest.private !== true && !named.has(manifest.name)) {
    problems.push(`${manifest.name} has changed and no changeset names it; run: npm run changeset`)
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${named.size} packages are named by changesets, each with those that hold its code`)
