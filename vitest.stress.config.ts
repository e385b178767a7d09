import { defineConfig } from "vitest/config"

// Long runs over real sockets whose figures need a machine of their own. `pnpm test:stress` runs them, one file at a time.
export default defineConfig({
  test: {
    include: ["test/stress/**/*.test.ts"],
    fileParallelism: false,
    // a net for what hangs, not a judge of speed
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["default", ["json", { outputFile: ".vitest/stress.json" }]],
  },
})
