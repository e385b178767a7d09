// Measures what core adds to a browser's bundle, minified and gzipped, by esbuild against a budget and by rolldown, and
// for comparison a client that uses only effect, with Schema, which core's client does not load. None of these bundles
// may have code of the entries for schemas and servers. Then the code of the packages that are published as bundles, for
// each module format, and each package as it is installed; they must have been built. With --write it writes the latter.
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { rolldown } from "rolldown"

import { checkInstallSizes } from "./install-size.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const resolveDir = join(root, "packages/core")

const cases = [
  {
    name: "errors only",
    budget: 9_000,
    ours: `export { isAelystError, RateLimitError } from "./src/errors/AelystError.ts"`,
    effect: `import * as Schema from "effect/Schema"
      export class E extends Schema.TaggedError()("E", { issues: Schema.Array(Schema.Struct({ path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])), code: Schema.optionalKey(Schema.Int) })) }) {}
      export const U = Schema.Union([E])`,
  },
  {
    name: "client over Effect's FetchHttpClient",
    budget: 67_000,
    ours: `import * as Effect from "effect/Effect"
      import * as Layer from "effect/Layer"
      import * as FetchHttpClient from "effect/http/FetchHttpClient"
      import { AelystClient, layer } from "./src/AelystClient.ts"
      export const run = (options) => Effect.runPromise(Effect.flatMap(AelystClient, (client) => client.create("id:5", { firstName: "A" })).pipe(Effect.provide(Layer.provide(layer(options), FetchHttpClient.layer))))`,
    effect: `import * as Effect from "effect/Effect"
      import * as Layer from "effect/Layer"
      import * as Schema from "effect/Schema"
      import * as Config from "effect/Config"
      import * as Context from "effect/Context"
      import * as Stream from "effect/Stream"
      import * as FetchHttpClient from "effect/http/FetchHttpClient"
      import * as HttpClient from "effect/http/HttpClient"
      import * as HttpClientRequest from "effect/http/HttpClientRequest"
      export class E extends Schema.TaggedError()("E", { code: Schema.optionalKey(Schema.Int) }) {}
      class C extends Context.Service()("C") {}
      export const conf = Config.all({ a: Config.Redacted("A"), b: Config.String("B") })
      export const s = Stream.fromIterable([1])
      export const run = () => Effect.runPromise(Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(HttpClientRequest.post("x"))).pipe(Effect.timeout("1 second"), Effect.provide(Layer.merge(Layer.succeed(C, {}), FetchHttpClient.layer))))`,
  },
  {
    name: "client over fetch",
    budget: 63_000,
    ours: `import * as Effect from "effect/Effect"
      import { AelystClient, layerFetch } from "./src/AelystClient.ts"
      export const run = (options) => Effect.runPromise(Effect.flatMap(AelystClient, (client) => client.create("id:5", { firstName: "A" })).pipe(Effect.provide(layerFetch(options))))`,
    effect: undefined,
  },
  {
    name: "with createMany",
    budget: 71_500,
    ours: `import * as Effect from "effect/Effect"
      import * as Layer from "effect/Layer"
      import * as FetchHttpClient from "effect/http/FetchHttpClient"
      import { layer } from "./src/AelystClient.ts"
      import { createMany } from "./src/CreateMany.ts"
      export { createMany }
      export const run = (effect, options) => Effect.runPromise(effect.pipe(Effect.provide(Layer.provide(layer(options), FetchHttpClient.layer))))`,
    effect: undefined,
  },
]

const zipped = (bytes) => gzipSync(bytes, { level: 9 }).length

const measureByRolldown = async (contents) => {
  const entry = join(resolveDir, "entry.ts")
  const rolled = await rolldown({
    input: entry,
    platform: "browser",
    logLevel: "silent",
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? { code: contents, moduleType: "ts" } : undefined),
      },
    ],
  })
  const { output } = await rolled.generate({ format: "esm", minify: true })
  await rolled.close()
  return zipped(output.map(({ code }) => code).join(""))
}

/** Matches the modules that only the entries for schemas, servers and shared stores may bring into a bundle. */
const elsewhere = new RegExp(
  [
    "core/src/.*(?:Schema|Api|ApiErrors|HttpErrors)\\.ts$",
    "core/src/pacing/(?:Shared\\w+|AloneState|Comeback|Rotation|StoreClock|VersionShares)\\.ts$",
    "effect/(?:src|dist)/(?:http-api/|Schema\\.)",
  ].join("|"),
)

const bundle = async (contents) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir, loader: "ts" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    treeShaking: true,
    logLevel: "error",
    metafile: true,
    absWorkingDir: root,
  })
  const [{ inputs }] = Object.values(metafile.outputs)
  const modules = Object.keys(inputs).filter((name) => inputs[name].bytesInOutput > 0)
  const parts = {}
  for (const name of modules) {
    const [, wing = "core"] = /core\/src\/(\w+)\//.exec(name) ?? []
    const part = name.includes("node_modules/effect/") ? "effect" : wing
    parts[part] = (parts[part] ?? 0) + inputs[name].bytesInOutput
  }
  return { bytes: zipped(outputFiles[0].contents), modules, parts }
}

/** The largest ratio of a bundle to one that uses only effect. */
const mostRatio = 1.53

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
let over = false
let without
for (const { name, budget, ours, effect } of cases) {
  const { bytes, modules, parts } = await bundle(ours)
  without = effect === undefined ? without : (await bundle(effect)).bytes
  const ratio = bytes / without
  const isOver = bytes > budget || ratio > mostRatio
  const strays = modules.filter((module) => elsewhere.test(module))
  for (const stray of strays) console.log(`${name}: ${stray} does not belong into this bundle`)
  over ||= isOver || strays.length > 0
  console.log(
    `${name}: ${kilobytes(bytes)} of ${kilobytes(budget)}${isOver ? ", OVER" : ""}; effect only ${kilobytes(without)}, ratio ${ratio.toFixed(2)}; by rolldown ${kilobytes(await measureByRolldown(ours))}`,
  )
  const shares = Object.entries(parts).map(([part, share]) => `${part} ${kilobytes(share)}`)
  console.log(`  before it is gzipped: ${shares.join(", ")}`)
}

/** Lists the most bytes that all code of a built package may have in one module format, gzipped. */
const published = {
  "@aelyst/node for import": ["packages/node/dist/!(effect|phonePlans-*).js", 86_500],
  "@aelyst/node for require": ["packages/node/dist/!(phonePlans-*).cjs", 87_000],
  "@aelyst/node's numbering plans": ["packages/node/dist/phonePlans-*.js", 55_000],
  "@aelyst/node/effect, without core and effect": ["packages/node/dist/effect.js", 12_000],
  "@aelyst/express for import": ["packages/express/dist/*.js", 18_500],
  "@aelyst/express for require": ["packages/express/dist/*.cjs", 18_500],
  "@aelyst/import, without core, journal and effect": ["packages/import/dist/**/*.js", 100_000],
  "@aelyst/cli's import, beyond a create": ["packages/cli/dist/{importing,sending}-*.js", 76_500],
  "@aelyst/cli's part for several machines, with its driver of Postgres": [
    "packages/cli/dist/sharing-*.js",
    60_000,
  ],
  "@aelyst/workflow, without its peers": ["packages/workflow/dist/*.js", 12_000],
  "@aelyst/cli's outbox, beyond a create": ["packages/cli/dist/{outbox,draining}-*.js", 25_000],
  "@aelyst/cli's driver of Postgres": ["packages/cli/dist/{database,postgres}-*.js", 35_000],
  "@aelyst/outbox for import": ["packages/outbox/dist/*.js", 20_000],
  "@aelyst/outbox for require": ["packages/outbox/dist/*.cjs", 20_000],
  // without effect, which is larger than all of it
  "@aelyst/redis for import": ["packages/redis/dist/index.js", 10_000],
  "@aelyst/redis for require": ["packages/redis/dist/index.cjs", 10_000],
  "@aelyst/redis/effect, without core and effect": ["packages/redis/dist/effect.js", 3_000],
  "@aelyst/journal/postgres, without core and effect": [
    "packages/journal/dist/{postgres,Postgres*,Database,AttemptLog,SharedRuns,Cipher}.js",
    20_500,
  ],
  "@aelyst/journal/shared-limit for import": ["packages/journal/dist/shared-limit/*.js", 10_500],
  "@aelyst/journal/shared-limit for require": ["packages/journal/dist/shared-limit/*.cjs", 10_500],
  "@aelyst/sandbox for import": ["packages/sandbox/dist/*.js", 102_000],
  "@aelyst/sandbox for require": ["packages/sandbox/dist/*.cjs", 97_000],
}
for (const [name, [pattern, budget]] of Object.entries(published)) {
  const files = globSync(pattern, { cwd: root })
  if (files.length === 0) throw new Error(`${pattern} matches nothing; build first`)
  const bytes = files.reduce((sum, file) => sum + zipped(readFileSync(join(root, file))), 0)
  over ||= bytes > budget
  console.log(
    `${name}: ${kilobytes(bytes)} of ${kilobytes(budget)}${bytes > budget ? ", OVER" : ""}`,
  )
}

const differences = checkInstallSizes(process.argv.includes("--write"))
for (const difference of differences) console.log(difference)
process.exit(over || differences.length > 0 ? 1 : 0)
