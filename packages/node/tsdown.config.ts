import { defineConfig } from "tsdown"

export default defineConfig({
  entry: ["src/index.ts"],
  platform: "node",
  target: "node22.19",
  format: "esm",
  dts: false,
  minify: true,
  sourcemap: false,
  fixedExtension: false,
  // tsc writes its declarations into the same folder and would not write them again
  clean: ["dist/*.js"],
  deps: { neverBundle: ["undici"], alwaysBundle: [/^effect/, /^@aelyst/], onlyBundle: false },
})
