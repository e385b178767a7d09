import { defineConfig } from "vitest/config"

// Long runs over real sockets whose figures need an idle machine. `pnpm test:stress` runs them, one file at a time.
export default defineConfig({
  test: {
    include: ["test/stress/**/*.test.ts"],
    fileParallelism: false,
    // stops tests that hang, does not judge their speed
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    reporters: ["default", ["json", { outputFile: ".vitest/stress.json" }]],
  },
})
