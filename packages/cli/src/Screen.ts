/**
 * The only way to print. Data goes to stdout, everything else to stderr: notices, errors, and live lines that are drawn
 * only if stderr is a terminal.
 */
import type { CallOutcome } from "@aelyst/core"
import * as Context from "effect/Context"
import { displayWidth } from "effect/cli/CliOutput"

import type { Environment, Writer } from "./Host.ts"
import { variable } from "./Host.ts"
import { asciiSymbols, jsonLine } from "./Text.ts"

/** Holds how output looks; read first, so that an error in the flags is printed by these rules too. */
export interface Look {
  readonly json: boolean
  readonly noColor: boolean
  readonly ascii: boolean
}

/** Reads the flags of the look from the arguments, up to `--`. */
export const lookOf = (args: ReadonlyArray<string>): Look => {
  const end = args.indexOf("--")
  const own = end === -1 ? args : args.slice(0, end)
  const has = (name: string) => own.includes(`--${name}`) || own.includes(`--${name}=true`)
  return { json: has("json"), noColor: has("no-color"), ascii: has("ascii") }
}

/** Names the colours; a colour never carries a meaning that the text does not. */
export type Colour = "red" | "green" | "yellow" | "dim" | "bold"

const sgr: Readonly<Record<Colour, string>> = {
  red: "31",
  green: "32",
  yellow: "33",
  dim: "2",
  bold: "1",
}

/** Holds the parts of a printer. */
export interface ScreenOptions extends Look {
  readonly env: Environment
  readonly stdout: Writer
  readonly stderr: Writer
}

/** Prints data, notices, errors and the live lines. */
export class Printer {
  readonly json: boolean
  /** Whether live lines are drawn. */
  readonly animated: boolean
  /** Whether stdout is read by a person. */
  readonly interactive: boolean
  /** Whether a person can read stderr. */
  readonly isWatched: boolean
  /** Whether symbols are written in ASCII. */
  readonly ascii: boolean
  /** Silences notices; errors and data are always printed. */
  quiet = false
  /** The outcome for the contact, printed if a signal stops the call. */
  lastOutcome: CallOutcome = "not_sent"
  /** Whether stdout can take data; false once its reader has left. */
  isOpen = true
  readonly #options: ScreenOptions
  #live: ReadonlyArray<string> = []

  constructor(options: ScreenOptions) {
    this.#options = options
    this.json = options.json
    this.ascii = options.ascii
    this.interactive = options.stdout.isTTY === true
    const { env, stderr } = options
    this.isWatched = stderr.isTTY === true && !options.json
    this.animated =
      stderr.isTTY === true &&
      variable(env, "CI") === undefined &&
      env["TERM"] !== "dumb" &&
      !options.json
  }

  /** Returns whether a stream has colours. */
  coloured(stream: "stdout" | "stderr"): boolean {
    const { env, noColor } = this.#options
    if (noColor || variable(env, "NO_COLOR") !== undefined || env["TERM"] === "dumb") return false
    const forced = variable(env, "FORCE_COLOR")
    return (forced !== undefined && forced !== "0") || this.#options[stream].isTTY === true
  }

  /** Returns the width of a stream: that of its terminal, or 100. */
  columns(stream: "stdout" | "stderr"): number {
    const { isTTY, columns } = this.#options[stream]
    // a terminal that does not know its width says 0
    return isTTY === true && columns ? Math.max(40, columns) : 100
  }

  /** Colours a text if the stream has colours. */
  paint(stream: "stdout" | "stderr", colour: Colour, text: string): string {
    return this.coloured(stream) ? `\u001b[${sgr[colour]}m${text}\u001b[0m` : text
  }

  /** Writes symbols in ASCII if `--ascii` asks for it. */
  symbols(text: string): string {
    return this.#options.ascii ? asciiSymbols(text) : text
  }

  /** Prints data on stdout, as long as it has a reader. */
  data(text: string): void {
    if (this.isOpen) this.#options.stdout.write(`${text}\n`)
  }

  /** Stops printing data after a write to stdout has failed; warns unless its reader has just left. */
  closeOutput(code = "UNKNOWN"): void {
    if (!this.isOpen) return
    this.isOpen = false
    if (code !== "EPIPE") this.warn(`cannot write to standard output (${code}); its rows end here`)
  }

  /** Prints rows on stdout: in columns for people, separated by tabs for programs. */
  rows(rows: ReadonlyArray<ReadonlyArray<string>>): void {
    if (!this.interactive) return this.data(rows.map((row) => row.join("\t")).join("\n"))
    const widthOf = (column: number) =>
      Math.max(...rows.map((row) => displayWidth(row[column] ?? "")))
    const padded = (text: string, column: number) =>
      text + " ".repeat(widthOf(column) - displayWidth(text))
    return this.data(rows.map((row) => row.map(padded).join("  ").trimEnd()).join("\n"))
  }

  /** Prints a value on stdout as one line of JSON, with the version of its shape. */
  value(value: Readonly<Record<string, unknown>>): void {
    this.data(jsonLine({ schemaVersion: 1, ...value }))
  }

  /** Prints lines on stderr in every mode. */
  print(...lines: ReadonlyArray<string>): void {
    const live = this.#live
    this.clear()
    this.#options.stderr.write(`${lines.join("\n")}\n`)
    if (live.length > 0) this.draw(...live)
  }

  /** Prints a notice on stderr, except with `--quiet`, and with `--json`, whose stderr holds only JSON. */
  notice(text: string): void {
    if (!this.quiet && !this.json) this.print(this.symbols(text))
  }

  /** Prints a warning on stderr that no flag silences. */
  warn(text: string): void {
    if (this.json) return this.print(jsonLine({ schemaVersion: 1, warning: text }))
    return this.print(`${this.paint("stderr", "yellow", "warning:")} ${this.symbols(text)}`)
  }

  /** Draws live lines in place of the last ones, each cut to the width of the terminal. */
  draw(...lines: ReadonlyArray<string>): void {
    if (!this.animated || this.quiet) return
    // a terminal that does not know its width says 0
    const width = Math.max(20, this.#options.stderr.columns || 80) - 1
    const shown = lines.map((line) => cut(this.symbols(line), width))
    this.#options.stderr.write(erase(Math.max(1, this.#live.length)) + shown.join("\n"))
    this.#live = lines
  }

  /** Draws the live lines again after the terminal has changed its width. */
  redraw(): void {
    if (this.#live.length > 0) this.draw(...this.#live)
  }

  /** Removes the live lines. */
  clear(): void {
    if (this.#live.length === 0) return
    this.#options.stderr.write(erase(this.#live.length))
    this.#live = []
  }
}

/** Returns the text that removes the last lines, and moves the cursor to the start of the first. */
const erase = (lines: number): string => `\r\u001b[2K${"\u001b[1A\u001b[2K".repeat(lines - 1)}`

const cut = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let shown = ""
  for (const character of text) {
    if (displayWidth(shown + character) >= width) break
    shown += character
  }
  return `${shown}…`
}

/** Provides the printer. */
export class Screen extends Context.Service<Screen, Printer>()("@aelyst/cli/Screen") {}
