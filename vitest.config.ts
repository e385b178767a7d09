import { configDefaults, defineConfig } from "vitest/config"

// All packages at once, for coverage; `pnpm test` goes through turbo and vitest.package.config.ts.
export default defineConfig({
  test: {
    projects: ["packages/*", "apps/*"],
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/stress/**"],
    coverage: { provider: "v8", include: ["packages/*/src/**/*.ts"] },
  },
})
