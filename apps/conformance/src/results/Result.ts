/** Writes results of runs as JSON: of a campaign to docs/reliability, from which scripts/docs.mjs makes docs/reliability.md. */
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

import type { Report } from "./Figures.ts"

/** The result of a campaign, without what is the same for each: date, commit, Node.js and duration. */
export interface Result extends Required<Report> {
  /** When it began, in milliseconds since 1970. */
  readonly began: number
  /** The command that repeats it, from the root of the repository. */
  readonly command: string
  readonly seeds: string
  /** Promises that were broken; 0 unless something is wrong. */
  readonly problems: number
}

/** The folder of the results. */
const folder: string = fileURLToPath(new URL("../../../../docs/reliability/", import.meta.url))

const root = fileURLToPath(new URL("../../../..", import.meta.url))

const git = (...args: ReadonlyArray<string>) =>
  execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim()

/** Returns the newest commit of the packages' sources, marked if they were changed since. */
const commit = (): string => {
  const sources = ":(glob)packages/*/src/**"
  const changed = git("status", "--porcelain", "--", sources) !== ""
  return `${git("log", "-1", "--format=%h", "--", sources)}${changed ? " with changes" : ""}`
}

/** Returns what every result says about its run: its day, the commit, Node.js, and how long it took. */
export const circumstancesOf = (
  began: number,
): Readonly<Record<"commit" | "date" | "node", string> & { seconds: number }> => ({
  date: new Date(began).toISOString().slice(0, 10),
  commit: commit(),
  node: process.versions.node,
  seconds: Math.round((Date.now() - began) / 1_000),
})

/** Writes a result as JSON, and says where. */
export const writeJson = (file: string, result: object): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  console.error(`wrote ${file}`)
}

/** Writes the result of a campaign, to its file in docs/reliability if no other is named. */
export const writeResult = (
  campaign: string,
  { began, command, seeds, counts, controls, problems }: Result,
  file: string = `${folder}${campaign}.json`,
): void => {
  writeJson(file, { ...circumstancesOf(began), command, seeds, problems, counts, controls })
}
