import { configDefaults, defineConfig } from "vitest/config"

// One configuration for every package and app; turbo runs it in each and caches what it reports.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // these need a program of the system: vitest.system.config.ts
    exclude: [...configDefaults.exclude, "test/system/**"],
    // a net for what hangs, not a judge of speed: machines are shared
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", ["json", { outputFile: ".vitest/results.json" }]],
  },
})
