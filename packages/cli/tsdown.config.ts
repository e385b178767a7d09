import { createRequire } from "node:module"

import { defineConfig } from "tsdown"

// The transport needs undici's client alone; its index also loads fetch, caches, mocks and WebSocket at start-up.
const undici = createRequire(new URL("../node/package.json", import.meta.url))
// The transport speaks HTTP/1.1 alone, and loading http2 takes as long as all else of it. Without it undici goes on with this.
const withoutHttp2 = "module.exports = { constants: {} }"
const client = JSON.stringify(undici.resolve("undici/lib/dispatcher/client.js"))

export default defineConfig({
  entry: ["src/bin.ts"],
  platform: "node",
  target: "node22.19",
  format: "esm",
  dts: false,
  minify: true,
  sourcemap: false,
  fixedExtension: false,
  deps: { alwaysBundle: [/.*/], onlyBundle: false },
  plugins: [
    {
      name: "undici-client",
      resolveId: (id) =>
        id === "undici" || id === "node:http2" ? `\0${id.replace("node:", "")}.cjs` : undefined,
      load: (id) =>
        id === "\0undici.cjs"
          ? `exports.Client = require(${client})`
          : id === "\0http2.cjs"
            ? withoutHttp2
            : undefined,
    },
  ],
})
