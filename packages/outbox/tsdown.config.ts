import { defineConfig } from "tsdown"

import { declarations, minified, output } from "../../scripts/bundles.mjs"

export default defineConfig([
  {
    ...output,
    ...minified,
    entry: ["src/index.ts", "src/postgres.ts"],
    format: ["esm", "cjs"],
    deps: { alwaysBundle: [/^effect/, /^@aelyst/], onlyBundle: false },
  },
  declarations({ index: "index", postgres: "postgres" }),
])
