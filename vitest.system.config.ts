import { defineConfig } from "vitest/config"

// The tests that need a program of the system; scripts/system-packages.mjs lists these. `pnpm test:system` runs them.
export default defineConfig({
  test: {
    include: ["test/system/**/*.test.ts"],
    // stops tests that hang, does not judge their speed: machines are shared
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // the tests of shared limits run several processes each
    maxConcurrency: 3,
    reporters: ["default", ["json", { outputFile: ".vitest/system.json" }]],
  },
})
