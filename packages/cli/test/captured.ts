/** Creates a printer whose streams are captured. */
import type { Look } from "../src/Screen.ts"
import { Printer } from "../src/Screen.ts"

const plain: Look = { json: false, noColor: false, ascii: false }

/** Holds which streams are terminals, and their width. */
export interface Terminals {
  readonly stdout?: boolean
  readonly stderr?: boolean
  columns?: number
}

/** Creates a printer and what it writes. */
export const captured = (
  tty: Terminals = {},
  env: Readonly<Record<string, string>> = {},
  look: Partial<Look> = {},
) => {
  const written = { stdout: "", stderr: "" }
  const writer = (name: "stdout" | "stderr") => ({
    isTTY: tty[name] ?? false,
    get columns() {
      return tty.columns
    },
    write: (text: string) => {
      written[name] += text
    },
  })
  const streams = { stdout: writer("stdout"), stderr: writer("stderr") }
  return { printer: new Printer({ ...plain, ...look, env, ...streams }), written, streams, tty }
}
