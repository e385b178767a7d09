/** Lists the files whose blocks and examples are run. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"

const list = (root: string, patterns: ReadonlyArray<string>): ReadonlyArray<string> =>
  globSync(patterns, { cwd: root })
    .map((file) => file.replaceAll("\\", "/"))
    .toSorted()

/** Lists every README, and every guide and concept with a block to run, from the root of the repository. */
export const documents = (root: string): ReadonlyArray<string> => {
  const guides = list(root, ["docs/{,guides/,concepts/}*.md"]).filter((file) =>
    /^```(ts|js|sh)\b/m.test(readFileSync(join(root, file), "utf8")),
  )
  return [...list(root, ["README.md", "packages/*/README.md"]), ...guides].toSorted()
}

/** Lists the sources whose examples in docstrings run: those that users read. */
export const exampleSources = (root: string): ReadonlyArray<string> =>
  list(root, ["packages/{core,express,import,journal,node,outbox}/src/**/*.ts"])
