import { defineConfig } from "tsdown"

import { declarations, output } from "../../scripts/bundles.mjs"

export default defineConfig([
  {
    ...output,
    entry: ["src/index.ts"],
    format: ["esm", "cjs"],
    deps: { alwaysBundle: [/^@aelyst/], onlyBundle: false },
  },
  {
    ...output,
    // for programs that have Effect, which is not bundled
    entry: ["src/effect.ts"],
    format: "esm",
    clean: false,
    deps: { neverBundle: [/^effect/, /^@aelyst/] },
  },
  declarations({ index: "index" }, { importOnly: { effect: "effect" } }),
])
