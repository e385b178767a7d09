import { execFile, fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync, readdirSync } from "node:fs"
import { isBuiltin } from "node:module"
import { join } from "node:path"
import { text } from "node:stream/consumers"
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
  readonly scripts: Record<string, string>
  readonly dependencies: Record<string, string>
}
// safe: the manifest of this package
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest
const published = readdirSync(join(folder, "dist")).map((file) => `dist/${file}`)
const declarations = published.filter((file) => /\/index\.d\.c?ts$/.test(file))
const bundles = ["dist/index.cjs", "dist/index.js"]
const forEffect = "dist/effect.js"
const kinds = ["module", "commonjs"]
const textOf = (file: string): string => {
  const source = readFileSync(join(folder, file), "utf8")
  // docstrings hold examples, which import the package; a bundle has none
  return bundles.includes(file) ? source : source.replaceAll(/\/\*\*.*?\*\//gs, "")
}
const importsOf = (file: string): ReadonlyArray<string> =>
  [...textOf(file).matchAll(/(?:from|import\(|require\()\s*"([^"]+)"/g)].map(
    ([, specifier = ""]) => specifier,
  )

/** Returns the arguments of a process that runs `main` with the package, and catches none of its errors. */
const program = (kind: string, main: string): ReadonlyArray<string> => {
  const file = JSON.stringify(join(folder, kind === "module" ? "dist/index.js" : "dist/index.cjs"))
  const Package = kind === "module" ? `await import(${file})` : `require(${file})`
  return [`--input-type=${kind}`, "--eval", `const Package = ${Package}\n${main}`]
}

describe("the published package", () => {
  it("holds one bundle for import and one for require, which load undici and Node alone", () => {
    const code = published.filter((file) => /\.c?js$/.test(file))
    const chunk = /^dist\/(?:phonePlans|rolldown-runtime)-[\w-]+\.c?js$/
    const others = code.filter((file) => !chunk.test(file))
    assert.deepStrictEqual(others.toSorted(), [...bundles, forEffect].toSorted())
    for (const file of code.filter((name) => name !== forEffect)) {
      const loaded = importsOf(file).filter((name) => !isBuiltin(name) && !name.startsWith("./"))
      assert.deepStrictEqual([...new Set(loaded)], bundles.includes(file) ? ["undici"] : [], file)
    }
    assert.deepStrictEqual(Object.keys(manifest.dependencies), ["undici"])
  })

  it("leaves core and Effect out of the entry for programs that have them", () => {
    const loaded = importsOf(forEffect).filter((name) => !isBuiltin(name))
    const shared = /^(?:effect\/|@aelyst\/core(?:\/|$)|undici$)/
    assert.deepStrictEqual(
      loaded.filter((name) => !shared.test(name)),
      [],
    )
    assert.includeMembers(loaded, ["@aelyst/core/transport", "effect/Effect", "undici"])
  })

  it("has short lines only", () => {
    for (const file of bundles) {
      const lines = readFileSync(join(folder, file), "utf8").split("\n")
      assert.isAtMost(Math.max(...lines.map(({ length }) => length)), 2_000, file)
    }
  })

  it("holds the same declarations for both, each in one file that imports nothing", () => {
    assert.deepStrictEqual(declarations.toSorted(), ["dist/index.d.cts", "dist/index.d.ts"])
    for (const file of declarations) assert.deepStrictEqual(importsOf(file), [], file)
    const [cts, ts] = declarations
      .toSorted()
      .map((file) => readFileSync(join(folder, file), "utf8"))
    assert.strictEqual(cts, ts)
    // a private member would make a class and its copy two types
    assert.notMatch(ts ?? "", /#private|^\s*(?:private|protected) /m)
  })

  it("lets a process exit that aborted its calls and closed nothing", async () => {
    const sandbox = await Sandbox.start({ limit: 2, windowMs: 60_000 })
    const script = fileURLToPath(new URL("exitsAelyst.ts", import.meta.url))
    const child = fork(script, [sandbox.baseUrl, sandbox.tokens.ok], {
      execArgv: [],
      silent: true,
    })
    const exit = once(child, "exit")
    assert.isNotNull(child.stderr)
    const stderr = text(child.stderr)
    await new Promise<void>((resolve) => {
      const stop = sandbox.subscribe(() => {
        if (sandbox.ledger().length < 2) return
        stop()
        resolve()
      })
    })
    child.send("abort")
    assert.deepStrictEqual(await exit, [0, null])
    assert.strictEqual(await stderr, "")
    const arrived = sandbox.ledger().map(({ key }) => key)
    assert.deepStrictEqual(arrived, ["id:1", "email:stall@sandbox.test"])
    await sandbox.close()
  })

  it("runs nothing when it is installed", () => {
    for (const hook of ["preinstall", "install", "postinstall", "prepare"]) {
      assert.notProperty(manifest.scripts, hook)
    }
  })

  for (const kind of kinds) {
    it(`U11 loads the numbering plans when a number first needs them (${kind})`, async () => {
      await using sandbox = await Sandbox.start()
      const file = JSON.stringify(
        join(folder, kind === "module" ? "dist/index.js" : "dist/index.cjs"),
      )
      const options = JSON.stringify({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
      const main = `
        const main = async () => {
          const loaded = []
          const load = (url, context, next) => {
            loaded.push(url)
            return next(url, context)
          }
          process.getBuiltinModule("node:module").registerHooks({ load })
          const { Aelyst } = ${kind === "module" ? `await import(${file})` : `require(${file})`}
          const plans = () => loaded.filter((url) => url.includes("phonePlans")).length
          const strict = new Aelyst(${options})
          const reading = new Aelyst({ ...${options}, defaultCountry: "MY" })
          await strict.contacts.create("phone:+60123456789", { firstName: "Ana" })
          await strict.contacts.tryCreate("phone:+44 (0)20 7946 0958", { firstName: "Ana" })
          await reading.contacts.create("id:1", { firstName: "Ana", phone: "+60123456789" })
          const before = plans()
          await reading.contacts.create("id:2", { firstName: "Ana", phone: "012-345 6789" })
          console.log(loaded.some((url) => /dist.index/.test(url)), before, plans())
        }
        void main()`
      const args = [`--input-type=${kind}`, "--eval", main]
      const { stdout } = await run(process.execPath, args)
      assert.strictEqual(stdout.trim(), "true 0 1")
      assert.strictEqual(sandbox.contacts().at(-1)?.phone, "+60123456789")
    })

    it(`names its classes and errors although it is minified (${kind}, T8)`, async () => {
      const main = `
        const { inspect } = ${kind === "module" ? 'await import("node:util")' : 'require("node:util")'}
        const { Aelyst, email, ...others } = Package
        const aelyst = new Aelyst({ token: "token-for-tests" })
        const classes = Object.entries(others).filter(([name]) => name.endsWith("Error") && name !== "isAelystError")
        const wrong = classes.filter(([name, Class]) => Class.name !== name).length
        try { email("none") } catch (error) {
          console.log(inspect(aelyst), inspect(aelyst.contacts), Aelyst.name, error.constructor.name, error.stack.split(":")[0], classes.length, wrong)
        }`
      const { stderr, stdout } = await run(process.execPath, program(kind, main))
      assert.strictEqual(stderr, "")
      assert.strictEqual(
        stdout.trim(),
        "Aelyst {} Contacts {} Aelyst InvalidContactError InvalidContactError 9 0",
      )
    })

    it(`has its uncaught errors printed in fewer than 25 lines (${kind})`, async () => {
      await using sandbox = await Sandbox.start()
      const main = `
        const main = async () => {
          const aelyst = new Package.Aelyst(${JSON.stringify({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })})
          await aelyst.contacts.create("id:5", { firstName: "Ana" })
          await aelyst.contacts.create("id:5", { firstName: "Ana" })
        }
        void main()`
      const printed = await run(process.execPath, program(kind, main)).then(
        () => "",
        ({ stderr }: { readonly stderr: string }) => stderr,
      )
      const lines = printed.trimEnd().split("\n")
      assert.isBelow(lines.length, 25, printed)
      assert.isBelow(Math.max(...lines.map(({ length }) => length)), 300)
      assert.match(printed, /^BadRequestError: .+ https:\S+#badrequesterror$/m)
      assert.match(printed, /^ {4}at async main /m)
    })
  }

  it("names its version to the API", () => {
    assert.strictEqual(version, manifest.version)
  })
})
