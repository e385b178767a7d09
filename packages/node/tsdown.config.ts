import { defineConfig } from "tsdown"

import { declarations, minified, output } from "../../scripts/bundles.mjs"

export default defineConfig([
  {
    ...output,
    ...minified,
    entry: ["src/index.ts"],
    format: ["esm", "cjs"],
    deps: { neverBundle: ["undici"], alwaysBundle: [/^effect/, /^@aelyst/], onlyBundle: false },
  },
  {
    ...output,
    // for programs that have Effect, which is not bundled
    entry: ["src/effect.ts"],
    format: "esm",
    clean: false,
    deps: { neverBundle: ["undici", /^effect/, /^@aelyst/] },
  },
  declarations({ index: "index" }, { importOnly: { effect: "effect" } }),
])
