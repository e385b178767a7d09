// Writes THIRD_PARTY.md of a package that bundles others' code: the licence of everything that ends up in the bundle.
// Run in the package's folder after its build; which packages those are is asked of a bundler, so none is forgotten.
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"

const manifest = JSON.parse(readFileSync("package.json", "utf8"))
const isOptional = (name) => manifest.peerDependenciesMeta?.[name]?.optional === true
const external = [
  ...Object.keys(manifest.dependencies ?? {}),
  ...Object.keys(manifest.peerDependencies ?? {}).filter((name) => !isOptional(name)),
]
// what is published, by its sources: the entries of the workspace that a tarball has too, and the commands
const published = Object.keys(manifest.publishConfig?.exports ?? {})
const sources = [
  ...published.map((name) => manifest.exports[name]),
  ...Object.values(manifest.bin ?? {}).map((file) =>
    file.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts"),
  ),
]
const result = await build({
  entryPoints: sources.filter((file) => file.endsWith(".ts")),
  bundle: true,
  write: false,
  outdir: "out",
  metafile: true,
  platform: "node",
  format: "esm",
  minify: true,
  treeShaking: true,
  logLevel: "error",
  external: external.flatMap((name) => [name, `${name}/*`]),
})

const packages = new Map()
for (const output of Object.values(result.metafile.outputs)) {
  for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
    // the last node_modules in the path, so that the real folder of pnpm's store is found
    const path = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input)
    if (path === null || bytesInOutput === 0) continue
    packages.set(path[2], path[1])
  }
}

/** Returns the words of a licence: a file, or the last section of the README. */
const wordsOf = (folder) => {
  const file = globSync("{LICENSE,LICENCE,license}*", { cwd: folder })[0]
  if (file !== undefined) return readFileSync(join(folder, file), "utf8").trim()
  const readme = readFileSync(join(folder, "README.md"), "utf8")
  return /^## licen[cs]e\n([^#]+)$/im.exec(readme)?.[1]?.trim()
}

const sections = [...packages]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const words = wordsOf(folder)
    if (words === undefined) throw new Error(`${name} has no licence`)
    return `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${words}\n\`\`\`\n`
  })
const text = `# Third-party code in ${manifest.name}\n\nThe published bundle holds code of these packages.\n\n${sections.join("\n")}`
if (!existsSync("THIRD_PARTY.md") || readFileSync("THIRD_PARTY.md", "utf8") !== text) {
  writeFileSync("THIRD_PARTY.md", text)
}
