import { execFile } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"

import { version } from "../src/version.ts"

const run = promisify(execFile)
const folder = join(import.meta.dirname, "..")

/** The manifest, as far as it is read here. */
interface Manifest {
  readonly version: string
  readonly files: ReadonlyArray<string>
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
}
// safe: the manifest of this package
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
const published = new Set(
  globSync(
    manifest.files.filter((file) => file.startsWith("dist/")),
    { cwd: folder },
  ).map((file) => file.replaceAll("\\", "/")),
)
const declarations = [...published].filter((file) => file.endsWith(".d.ts"))
const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(folder, file), "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
    ([, specifier = ""]) => specifier,
  )

describe("the published package", () => {
  it("holds one bundle, which imports undici and Node alone", () => {
    const bundles = [...published].filter((file) => file.endsWith(".js"))
    assert.deepStrictEqual(bundles, ["dist/index.js"])
    const imported = new Set(importsOf("dist/index.js").filter((name) => !name.startsWith("node:")))
    assert.deepStrictEqual([...imported], ["undici"])
    assert.deepStrictEqual(Object.keys(manifest.dependencies), ["undici"])
  })

  it("holds declarations that import one another and Node alone", () => {
    assert.include(declarations, "dist/index.d.ts")
    for (const file of declarations) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith("node:")) continue
        const target = join(dirname(file), specifier).replace(/\.(?:ts|js)$/, ".d.ts")
        assert.isTrue(published.has(target), `${file} imports ${specifier}`)
      }
    }
  })

  it("lets a process end by itself that aborted its calls and closed nothing", async () => {
    const sandbox = await Sandbox.start({ limit: 2, windowMs: 60_000 })
    const script = fileURLToPath(new URL("exitsAelyst.ts", import.meta.url))
    const { stderr } = await run(process.execPath, [script, sandbox.baseUrl, sandbox.tokens.ok], {
      timeout: 10_000,
    })
    assert.strictEqual(stderr, "")
    const arrived = sandbox.ledger().map(({ key }) => key)
    assert.deepStrictEqual(arrived, ["id:1", "email:stall@sandbox.test"])
    await sandbox.close()
  })

  it("runs nothing when it is installed", () => {
    for (const hook of ["preinstall", "install", "postinstall", "prepare"]) {
      assert.notProperty(manifest.scripts, hook)
    }
  })

  it("is loaded by import and by require", async () => {
    const bundle = join(folder, "dist/index.js")
    const check = "if (typeof m.Aelyst !== 'function') process.exit(1)"
    const loads = [
      [
        "--input-type=module",
        "--eval",
        `const m = await import(${JSON.stringify(bundle)}); ${check}`,
      ],
      ["--input-type=commonjs", "--eval", `const m = require(${JSON.stringify(bundle)}); ${check}`],
    ]
    for (const load of loads) {
      const { stderr } = await run(process.execPath, load)
      assert.strictEqual(stderr, "")
    }
  })

  it("names its classes and errors although it is minified", async () => {
    const bundle = join(folder, "dist/index.js")
    const script = `
      const { Aelyst, email } = require(${JSON.stringify(bundle)})
      const { inspect } = require("node:util")
      const aelyst = new Aelyst({ token: "token-for-tests" })
      try { email("none") } catch (error) {
        console.log(inspect(aelyst), inspect(aelyst.contacts), Aelyst.name, error.name, error.stack.split(":")[0])
      }`
    const { stdout } = await run(process.execPath, ["--eval", script])
    assert.strictEqual(
      stdout.trim(),
      "Aelyst {} Contacts {} Aelyst InvalidContactError InvalidContactError",
    )
  })

  it("names its version to the API", () => {
    assert.strictEqual(version, manifest.version)
  })
})
