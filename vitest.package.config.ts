import { configDefaults, defineConfig } from "vitest/config"

// One configuration for every package and app; turbo runs it in each and caches what it reports.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // those need a program of the system, these an idle machine: vitest.system.config.ts, vitest.stress.config.ts
    exclude: [...configDefaults.exclude, "test/system/**", "test/stress/**"],
    // stops tests that hang, does not judge their speed: machines are shared
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", ["json", { outputFile: ".vitest/results.json" }]],
  },
})
