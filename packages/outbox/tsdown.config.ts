import { defineConfig } from "tsdown"

import { declarations, output } from "../../scripts/bundles.mjs"

export default defineConfig([
  { ...output, entry: ["src/index.ts"], format: ["esm", "cjs"], sourcemap: true },
  declarations({ index: "index" }),
])
