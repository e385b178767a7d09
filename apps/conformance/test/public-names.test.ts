/** Freezes the public names of every package: sources and built modules export the names in `public-names.json`. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

interface Package {
  readonly file: string
  readonly entries: Record<
    string,
    { readonly values: Array<string>; readonly types: Array<string> }
  >
}

const root = new URL("../../../", import.meta.url)
const script = fileURLToPath(new URL("scripts/public-names.mjs", root))
const packages: Record<string, Package> = JSON.parse(
  execFileSync(process.execPath, [script, "--json"], { encoding: "utf8" }),
)
const howTo =
  "Public names changed. If that is meant, run `node scripts/public-names.mjs --write`, review the diff, and add a changeset that says what to write instead."

const isNamespace = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === "[object Module]"

/** Returns the names of a module, with the members of its namespaces after their name and a dot. */
const namesOf = (module: object): ReadonlyArray<string> =>
  Object.entries(module)
    .flatMap(([name, value]) =>
      isNamespace(value) ? Object.keys(value).map((member) => `${name}.${member}`) : [name],
    )
    .toSorted()

describe("public names", () => {
  it("are listed for every package with a library", () => {
    assert.includeMembers(Object.keys(packages), [
      "@aelyst/core",
      "@aelyst/express",
      "@aelyst/node",
      "@aelyst/sandbox",
    ])
  })

  it("of core and of the sandbox can be imported together", () => {
    // a namespace, such as `Pacer`, is one name
    const [core, sandbox] = ["@aelyst/core", "@aelyst/sandbox"].map(
      (name) =>
        new Set(
          Object.values(packages[name]?.entries ?? {})
            .flatMap(({ types, values }) => [...types, ...values])
            .map((exported) => exported.split(".")[0]),
        ),
    )
    assert(core !== undefined && sandbox !== undefined)
    assert.isAbove(Math.min(core.size, sandbox.size), 10)
    assert.deepStrictEqual(
      [...sandbox].filter((name) => core.has(name)),
      [],
    )
  })

  describe.each(Object.entries(packages))("%s", (name, { file, entries }) => {
    it("exports the names listed in its public-names.json", () => {
      const frozen: unknown = JSON.parse(readFileSync(new URL(file, root), "utf8"))
      assert.deepStrictEqual(entries, frozen, howTo)
    })

    it.each(Object.entries(entries).filter(([, { values }]) => values.length > 0))(
      "exports them at run time from the entry %s",
      async (entry, { values }) => {
        const module: object = await import(name + entry.slice(1))
        assert.deepStrictEqual(namesOf(module), [...values].toSorted())
      },
    )
  })
})
