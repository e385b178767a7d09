import { defineConfig } from "tsdown"

import { declarations, output } from "../../scripts/bundles.mjs"

// `./shared-limit` needs neither Effect nor core, so it is bundled; the rest of the package is not
export default defineConfig([
  {
    ...output,
    entry: { "shared-limit/index": "src/shared-limit.ts" },
    format: ["esm", "cjs"],
    clean: false,
    deps: { alwaysBundle: [/^@aelyst/], onlyBundle: false },
  },
  declarations({ "shared-limit/index": "../../dist/shared-limit" }),
])
