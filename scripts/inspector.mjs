// Writes packages/sandbox/src/server/InspectorPage.ts: the inspector as one page, from the sources in packages/sandbox/inspector.
// With --check it writes nothing and fails where the file differs.
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"

import { transformSync } from "esbuild"

const source = (file) =>
  readFileSync(new URL(`../packages/sandbox/inspector/${file}`, import.meta.url), "utf8")
const target = new URL("../packages/sandbox/src/server/InspectorPage.ts", import.meta.url)

const minify = (file, options) =>
  transformSync(source(file), { minify: true, ...options }).code.trim()
const style = minify("page.css", { loader: "css", target: "chrome111" })
const script = minify("page.ts", { loader: "ts", target: "es2023", format: "iife" })
// either would end its element
for (const text of [style, script])
  if (/<\/|<!--/.test(text)) throw new Error("the inlined text would end its own element")

const page = source("page.html")
  .replace(/\n\s+/g, "\n")
  .replace(/<style>[^<]*<\/style>/, () => `<style>${style}</style>`)
  .replace(/<script>[^<]*<\/script>/, () => `<script>${script}</script>`)
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`
const literal = page.replace(/[\\`]|\$\{/g, "\\$&")

const text = `/** The inspector's page, written by scripts/inspector.mjs from the sources beside this folder. */

/** What the page may do: its own script and style by their hashes, and requests to where it came from. */
export const policy =
  "default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const page = \`${literal}\`
`
const zipped = gzipSync(page, { level: 9 }).length
if (zipped > 60_000) {
  console.error(`the inspector has ${zipped} bytes compressed, more than 60,000`)
  process.exit(1)
}
if (!process.argv.includes("--check")) writeFileSync(target, text)
else if (readFileSync(target, "utf8") !== text) {
  console.error(
    "packages/sandbox/src/server/InspectorPage.ts differs: run node scripts/inspector.mjs",
  )
  process.exit(1)
}
console.log(`the inspector has ${zipped} bytes compressed`)
