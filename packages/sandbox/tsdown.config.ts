import { defineConfig } from "tsdown"

const shared = {
  platform: "node",
  target: "node22.19",
  format: "esm",
  dts: false,
  sourcemap: false,
  fixedExtension: false,
} as const

export default defineConfig([
  {
    ...shared,
    entry: {
      index: "src/index.ts",
      command: "src/cli/Command.ts",
      bin: "src/bin.ts",
      scenarios: "src/scenarios.ts",
    },
    minify: true,
    // tsc writes its declarations into the same folder and would not write them again
    clean: ["dist/*.js", "!dist/effect.js"],
    deps: { alwaysBundle: [/.*/], onlyBundle: false },
  },
  {
    ...shared,
    // for programs that have Effect; shares the engine with the bundle
    entry: ["src/effect.ts"],
    clean: false,
    deps: { neverBundle: [/^effect/, /^@aelyst/] },
  },
])
