import { createRequire } from "node:module"

import { defineConfig } from "tsdown"

// The transport needs undici's client alone; its index also loads fetch, caches, mocks and WebSocket at start-up.
const undici = createRequire(new URL("../node/package.json", import.meta.url))
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
      resolveId: (id) => (id === "undici" ? "\0undici" : undefined),
      load: (id) => (id === "\0undici" ? `export { default as Client } from ${client}` : undefined),
    },
  ],
})
