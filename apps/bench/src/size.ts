/** The size of core in a bundle, by two bundlers, and the time to load it. */
import { execFileSync, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

import { median, table } from "./statistics.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

const loadMs = (code: string): number => {
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now()
    spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    })
    return performance.now() - began
  })
  return median(times)
}

/** Measures and renders both tables. */
export const size = async (): Promise<string> => {
  const sizes = execFileSync(process.execPath, ["scripts/size.mjs"], {
    cwd: root,
    encoding: "utf8",
  })
  const bare = loadMs("0")
  const starts = [
    ["undici", 'await import("undici")'],
    ["@aelyst/core", 'await import("@aelyst/core")'],
    ["@aelyst/node, as published", 'await import("../../packages/node/dist/index.js")'],
  ].map(([name = "", code = ""]) => [name, (loadMs(code) / bare).toFixed(2)])
  return `\`\`\`text\n${sizes.trim()}\n\`\`\`\n\n${table(["import, time over bare Node", "ratio"], starts)}`
}
