import { createRequire, isBuiltin } from "node:module"
import { fileURLToPath } from "node:url"

import { defineConfig } from "tsdown"

import { minified, output } from "../../scripts/bundles.mjs"

// The transport needs only undici's client; undici's index also loads fetch, caches, mocks and WebSocket at start-up.
const undici = createRequire(new URL("../node/package.json", import.meta.url))
// The transport speaks only HTTP/1.1, and loading http2 takes as long as the rest of it. Without http2, undici uses this.
const withoutHttp2 = "module.exports = { constants: {} }"
// an optional part of the driver in C, which is compiled when it is installed
const withoutNative =
  "throw Object.assign(new Error('pg-native is not part of aelyst'), { code: 'MODULE_NOT_FOUND' })"
const client = JSON.stringify(undici.resolve("undici/lib/dispatcher/client.js"))

// An `import` of one of Node's modules reads every export it has, and some of those load much more: http its WebSocket,
// which is the whole of undici. A module that is read at its point of use loads nothing else.
const builtin = (id: string) => `module.exports = process.getBuiltinModule(${JSON.stringify(id)})`

// Making a segmenter takes half as long as Node's own start. In ASCII, which
// all help is, every character is one column wide.
const segmenter = /new Intl\.Segmenter\(undefined, \{\s*granularity: "grapheme"\s*\}\)/
const lateSegmenter = (made: string) => `{ segment: (text) =>
  /^[\\x20-\\x7e]*$/.test(text) ? Array.from(text, (segment) => ({ segment })) : ${made}.segment(text) }`

interface Graph {
  readonly getModuleInfo: (
    id: string,
  ) => { readonly importedIds: ReadonlyArray<string> } | null | undefined
}

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Returns all modules that a module loads when it starts. */
const loadedBy = (path: string, graph: Graph): ReadonlySet<string> => {
  const seen = new Set<string>()
  const visit = (id: string): void => {
    if (seen.has(id)) return
    seen.add(id)
    for (const next of graph.getModuleInfo(id)?.importedIds ?? []) visit(next)
  }
  visit(from(path))
  return seen
}

/** Matches modules that send the rows of a file, which their check does not need. The others are loaded late in the sources. */
const sending = /[\\/](?:journal[\\/]src|import[\\/]src[\\/]send)[\\/]/

// Every file costs, so what is always loaded together is one: what help needs, what a create needs beyond it, and what the
// commands about imports need beyond that, what those about an outbox need, the driver of its database, and what several machines need. The sandbox shares some of it, and must not load the rest.
const chunkOf = (id: string, graph: Graph): string | null => {
  // a few bytes each, which load one of Node's modules when it is needed
  if (id.startsWith("\0") && isBuiltin(id.slice(1, -4))) return "shared"
  const inSandbox = loadedBy("src/commands/Sandbox.ts", graph).has(id)
  if (loadedBy("src/main.ts", graph).has(id)) return inSandbox ? "shared" : "program"
  // an example of a file needs little, and the sandbox most of that
  const template = "src/commands/Template.ts"
  const inTemplate = loadedBy(template, graph).has(id)
  if (inSandbox) return inTemplate ? "shared" : null
  if (loadedBy("src/commands/Create.ts", graph).has(id)) return "creating"
  if (inTemplate) return id === from(template) ? null : "program"
  // the transport, which a create loads too
  if (loadedBy("../node/src/effect.ts", graph).has(id)) return null
  const inOutbox = loadedBy("src/commands/Outbox.ts", graph).has(id)
  const inDrain = loadedBy("src/commands/OutboxDrain.ts", graph).has(id)
  const inCheck = loadedBy("src/commands/Import.ts", graph).has(id)
  if (inCheck || loadedBy("src/import/PlannedRun.ts", graph).has(id)) {
    // small, and all of these load what a create needs
    if (inOutbox || inDrain) return "creating"
    return inCheck && !sending.test(id) ? "importing" : "sending"
  }
  if (loadedBy("src/shared/SharedStore.ts", graph).has(id)) return "sharing"
  if (inOutbox) return "outbox"
  if (inDrain) return "draining"
  return loadedBy("src/outbox/Database.ts", graph).has(id) ? "database" : null
}

export default defineConfig({
  ...output,
  ...minified,
  entry: ["src/bin.ts"],
  format: "esm",
  outputOptions: {
    ...output.outputOptions,
    codeSplitting: {
      groups: [{ name: chunkOf, debugName: "chunkOf" }],
      includeDependenciesRecursively: false,
    },
  },
  inputOptions: { preserveEntrySignatures: "allow-extension" },
  copy: "src/schema",
  deps: { alwaysBundle: [/.*/], onlyBundle: false },
  plugins: [
    ...minified.plugins,
    {
      name: "lean-start",
      resolveId: (id) =>
        id === "undici" || id === "pg-native" || isBuiltin(id)
          ? `\0${id.replace(/^node:/, "")}.cjs`
          : undefined,
      load: (id) => {
        const name = /^\0(.*)\.cjs$/.exec(id)?.[1]
        if (name === undefined) return undefined
        if (name === "undici") return `exports.Client = require(${client})`
        if (name === "pg-native") return withoutNative
        return name === "http2" ? withoutHttp2 : builtin(name)
      },
      transform: (code, id) => {
        if (!/[\\/]cli[\\/]CliOutput\.[jt]s$/.test(id)) return undefined
        if (!segmenter.test(code)) throw new Error("effect/cli makes its segmenter otherwise")
        return { code: code.replace(segmenter, lateSegmenter), map: null }
      },
    },
  ],
})
