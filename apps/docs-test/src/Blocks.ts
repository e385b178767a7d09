/**
 * Reads the code blocks of a Markdown file. The language after the fence says how a block is used:
 *
 * - `ts`, `js`: compiled and run against a sandbox; `ts server` keeps running while the `sh` block after it runs
 * - `sh`: run by bash; `npx` finds the packages of this repository
 * - `js vitest`, `js jest`: run by these programs in `apps/smoke`, with the packed packages
 * - `console`, `text`, `json`, `yaml`: not run
 */

/** A fenced block. */
export interface Block {
  /** The line of the fence, from 1. */
  readonly line: number
  readonly language: "ts" | "js" | "sh"
  /** Whether it runs until it is stopped. */
  readonly server: boolean
  readonly code: string
}

const shown = new Set(["console", "text", "json", "yaml", "js vitest", "js jest"])

/** Returns the blocks to run; any other language is an error, so that no block escapes the tests. */
export const parse = (markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let open:
    | { readonly line: number; readonly info: string; readonly code: Array<string> }
    | undefined
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const fence = /^\s*```(.*)$/.exec(text)
    if (fence === null) {
      open?.code.push(text)
      continue
    }
    if (open === undefined) {
      open = { line: index + 1, info: (fence[1] ?? "").trim(), code: [] }
      continue
    }
    const { line, info, code } = open
    open = undefined
    if (shown.has(info)) continue
    if (info !== "ts" && info !== "js" && info !== "sh" && info !== "ts server") {
      throw new Error(`line ${line}: a block in the language "${info}"`)
    }
    const language = info === "ts server" ? "ts" : info
    blocks.push({ line, language, server: info === "ts server", code: `${code.join("\n")}\n` })
  }
  if (open !== undefined) throw new Error(`line ${open.line}: a block that does not end`)
  return blocks
}
