import { defineConfig } from "tsdown"

import { declarations, minified, output } from "../../scripts/bundles.mjs"

const bundled = { ...output, ...minified, deps: { alwaysBundle: [/.*/], onlyBundle: false } }
const forBoth = { index: "src/index.ts", scenarios: "src/scenarios.ts" }

export default defineConfig([
  {
    ...bundled,
    format: "esm",
    entry: { ...forBoth, command: "src/cli/Command.ts", bin: "src/bin.ts" },
  },
  { ...bundled, format: "cjs", entry: forBoth, clean: false },
  {
    ...output,
    // for programs that have Effect; shares the engine with the bundle
    entry: ["src/effect.ts"],
    format: "esm",
    clean: false,
    deps: { neverBundle: [/^effect/, /^@aelyst/] },
  },
  declarations(
    { index: "index", scenarios: "scenarios" },
    { importOnly: { command: "cli/Command", effect: "effect" } },
  ),
])
