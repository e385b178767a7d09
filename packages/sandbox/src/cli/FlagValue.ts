/** Reads the values of the sandbox's flags, or says which value is wrong and what is expected. */
import { readFileSync } from "node:fs"

import { choice } from "../api/Config.ts"
import type { FaultSpec, SandboxOptions } from "../types.ts"
import { visible } from "./Console.ts"

/** A mistake in the arguments, with lines that say what to do; the command prints it and exits with 2. */
export class UsageError extends Error {
  readonly hints: ReadonlyArray<string>
  constructor(message: string, ...hints: ReadonlyArray<string>) {
    super(message)
    this.hints = hints
  }
}

/** Quotes a text without what a terminal would act on. */
export const quoted = (text: string): string =>
  visible(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text))

const invalid = (flag: string, text: string, expected: string): UsageError =>
  new UsageError(`invalid value ${quoted(text)} for --${flag}: expected ${expected}`)

const units = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
])

/** Reads a duration such as `500ms`, `2s`, `5m` or `0`, in milliseconds; any other number needs its unit. */
export const readTime = (flag: string, text: string): number => {
  if (text === "0") return 0
  const [, digits = "", unit = ""] = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
  const factor = units.get(unit)
  if (factor === undefined) throw invalid(flag, text, "a duration such as 500ms, 2s or 5m")
  return Number(digits) * factor
}

export const readCount = (flag: string, text: string, most = Number.MAX_SAFE_INTEGER): number => {
  if (!/^\d{1,15}$/.test(text) || Number(text) > most)
    throw invalid(
      flag,
      text,
      most < 2 ** 20 ? `an integer between 0 and ${most}` : "an integer, 0 or more",
    )
  return Number(text)
}

export const readShare = (flag: string, text: string): number => {
  const found = /^(\d+(?:\.\d+)?)(%)?$/.exec(text)
  const share = Number(found?.[1]) / (found?.[2] === "%" ? 100 : 1)
  if (!(share >= 0 && share <= 1))
    throw invalid(flag, text, "a share between 0 and 1, such as 0.05 or 5%")
  return share
}

export const readLatency = (text: string): number | readonly [number, number] => {
  const [from = "", to] = text.split("..")
  return to === undefined
    ? readTime("latency", from)
    : [readTime("latency", from), readTime("latency", to)]
}

export const readErrorRate = (text: string): ReadonlyArray<FaultSpec> =>
  text.split(",").map((part) => {
    const [preset = "", share = ""] = part.split("=")
    return { preset: preset.trim(), probability: readShare("error-rate", share.trim()) }
  })

export const readFields = (file: string): NonNullable<SandboxOptions["fields"]> => {
  try {
    // safe: the engine checks every declaration
    return JSON.parse(readFileSync(file, "utf8")) as NonNullable<SandboxOptions["fields"]>
  } catch {
    throw invalid("fields", file, "a readable file of JSON")
  }
}

export const oneOf = <const A extends string>(
  flag: string,
  text: string,
  known: ReadonlyArray<A>,
): A => {
  const found = known.find((name) => name === text)
  if (found === undefined) throw invalid(flag, text, choice(known))
  return found
}
