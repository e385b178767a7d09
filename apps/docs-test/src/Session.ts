/**
 * The sessions of a guide: `console` blocks with commands after `$` and what they print. All commands of a page run one after
 * the other in one folder against one sandbox, as a reader's do.
 */
import { execFile } from "node:child_process"
import { promisify } from "node:util"

const run = promisify(execFile)

/** One command of a page and the output below it. */
export interface Step {
  readonly command: string
  readonly output: ReadonlyArray<string>
}

/** A part of a page: text that stays, or a command and its output. */
export type Part = string | Step

const isStep = (part: Part): part is Step => typeof part !== "string"

/** Splits a page into its text and the steps of its `console` blocks; a backslash at the end of a command continues it. */
export const parse = (page: string): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  let inBlock = false
  let step: { command: string; output: Array<string> } | undefined
  for (const line of page.split("\n")) {
    if (line.startsWith("```")) {
      inBlock = line === "```console"
      step = undefined
      parts.push(line)
    } else if (inBlock && line.startsWith("$ ")) {
      step = { command: line.slice(2), output: [] }
      parts.push(step)
    } else if (step !== undefined && step.output.length === 0 && step.command.endsWith("\\")) {
      step.command += `\n${line}`
    } else if (step === undefined) parts.push(line)
    else step.output.push(line)
  }
  return parts
}

/** Returns the page of its parts. */
export const print = (parts: ReadonlyArray<Part>): string =>
  parts
    .flatMap((part) => (isStep(part) ? [`$ ${part.command}`, ...part.output] : [part]))
    .join("\n")

/** The folder of the commands and their environment. */
export interface Workspace {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** Runs a command; returns the lines of both of its streams, in the order of their writing. */
const outputOf = async (command: string, workspace: Workspace): Promise<ReadonlyArray<string>> => {
  // a session shows failures, too
  const { stdout } = await run("bash", ["-c", `{ ${command}\n} 2>&1 || true`], {
    ...workspace,
    timeout: 100_000,
  })
  const text = stdout.trimEnd()
  return text === "" ? [] : text.split("\n").map((line) => line.trimEnd())
}

/** Runs all commands of a page, and returns the page with their output. */
export const record = async (page: string, workspace: Workspace): Promise<string> => {
  const parts: Array<Part> = []
  for (const part of parse(page)) {
    parts.push(
      isStep(part)
        ? { command: part.command, output: await outputOf(part.command, workspace) }
        : part,
    )
  }
  return print(parts)
}

/** Returns a function that names runs in the order in which they appear, the same in every recording. */
const named = () => {
  const names = ["r_7Q2F", "r_M3XA", "r_KD81", "r_92TC"]
  const known = new Map<string, string>()
  return (id: string): string => {
    const name = known.get(id) ?? names[known.size] ?? id
    known.set(id, name)
    return name
  }
}

/** Replaces what differs from run to run: names of runs, processes and ports, times and rates. */
export const steady = (text: string): string =>
  text
    .replaceAll(/\br_[0-9A-Z]{4}\b/g, named())
    .replaceAll(/^bash: line \d+: +\d+ Killed .*$/gm, "Killed")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:4242")
    .replaceAll(/(Done in|Stopped after) [\d.hms ]+?(?= {3})/g, "$1 1s")
    .replaceAll(/ {3}average [\d.]+\/s/g, "")
    .replaceAll(/ {3}\d+ × 429/g, "")
    .replaceAll(/"ms":\d+/g, '"ms":14')

/** Returns what two recordings have in common: after a kill the number of created rows differs. */
export const comparable = (page: string): string => {
  let wasKilled = false
  return print(
    parse(page).map((part) => {
      if (!isStep(part)) {
        if (part.startsWith("#")) wasKilled = false
        return part
      }
      wasKilled ||= part.command.includes("kill -KILL")
      if (!wasKilled) return part
      const output = part.output
        .filter((line) => !/\d contacts? existed/.test(line))
        .map((line) => line.replace(/ \+ \d+ there after a lost response/, ""))
        .map((line) => line.replaceAll(/\d+(?: rows?| requests?)?/g, "#"))
      return { command: part.command, output }
    }),
  )
}
