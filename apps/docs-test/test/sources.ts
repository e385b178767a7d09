/** Lists the sources whose docstrings have examples, and the entries whose names must have one. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { exampleSources } from "../src/Documents.ts"
import type { Source } from "../src/Examples.ts"
import { read } from "../src/Examples.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const cache = new Map<string, Source>()

/** Reads a source file by its path from the root of the repository, once. */
export const sourceOf = (file: string): Source => {
  const known = cache.get(file) ?? read(file, readFileSync(join(root, file), "utf8"))
  cache.set(file, known)
  return known
}

/** Lists the files of packages whose examples run. */
export const files: ReadonlyArray<string> = exampleSources(root)

interface Manifest {
  readonly exports: Readonly<Record<string, string>>
  readonly publishConfig: { readonly exports: Readonly<Record<string, unknown>> }
}

const entriesOf = (name: string): ReadonlyArray<string> => {
  const text = readFileSync(join(root, "packages", name, "package.json"), "utf8")
  // safe: every package of this repository has these members
  const { exports, publishConfig } = JSON.parse(text) as Manifest
  return Object.entries(exports)
    .filter(([entry, path]) => entry in publishConfig.exports && path.endsWith(".ts"))
    .map(([, path]) => `packages/${name}/${path.slice(2)}`)
}

/** Lists every published entry of core and of the SDK. */
export const entries: ReadonlyArray<string> = [...entriesOf("core"), ...entriesOf("node")]

/** Lists the methods of the SDK: the file and the class or interface that declares them. */
export const methods: ReadonlyArray<readonly [file: string, owner: string]> = [
  ["packages/node/src/Aelyst.ts", "Aelyst"],
  ["packages/node/src/types.ts", "Contacts"],
  ["packages/node/src/types.ts", "Run"],
]
