import { defineConfig } from "vitest/config"

// One configuration for every package and app; turbo runs it in each and caches what it reports.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", ["json", { outputFile: ".vitest/results.json" }]],
  },
})
