import { readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import type { CallOptions, ClientOptions, RunOptions } from "../src/call/ClientOptions.ts"
import { optionTable } from "../src/call/OptionTable.ts"
import type { OptionEntry } from "../src/types.ts"

const entries: ReadonlyArray<readonly [name: string, entry: OptionEntry]> =
  Object.entries(optionTable)

const namesIn = (scope: OptionEntry["scopes"][number]) =>
  entries.filter(([, { scopes }]) => scopes.includes(scope)).map(([name]) => name)

/** Lists the keys of a type; the compiler refuses a list that is not exact. */
const keysOf =
  <A>() =>
  <const Keys extends ReadonlyArray<keyof A>>(
    ...keys: Exclude<keyof A, Keys[number]> extends never ? Keys : never
  ): ReadonlyArray<string> =>
    keys.map(String)

describe("optionTable", () => {
  it("has the options of a client, and the token", () => {
    const keys = keysOf<ClientOptions>()(
      "baseUrl",
      "delivery",
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "doubtDelay",
      "settle",
      "maxQueue",
      "rateLimit",
      "exists",
      "customFields",
      "fill",
      "encodePlus",
      "propagateTrace",
    )
    assert.sameMembers(namesIn("client"), ["token", ...keys])
  })

  it("has the options of a call", () => {
    const keys = keysOf<CallOptions>()(
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "delivery",
      "settle",
      "existing",
      "doubt",
      "headers",
    )
    assert.sameMembers(namesIn("call"), [...keys])
  })

  it("has the options of a run", () => {
    const keys = keysOf<RunOptions>()(
      "concurrency",
      "ordered",
      "delivery",
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "giveUpAfter",
      "maxErrors",
      "onProgress",
    )
    assert.sameMembers(namesIn("run"), [...keys])
  })

  it("has defaults within their ranges", () => {
    for (const [name, entry] of entries) {
      if (entry.kind === "choice") assert.include(entry.choices, entry.default)
      if (entry.kind !== "integer" && entry.kind !== "duration") continue
      assert.isBelow(entry.least, entry.most)
      assert.isAtLeast(entry.default, entry.least, name)
      if (Number.isFinite(entry.default)) assert.isAtMost(entry.default, entry.most, name)
    }
  })
})

const words = (ms: number): string => {
  if (ms === 0) return "0"
  if (ms % 60_000 === 0 && ms >= 300_000) return `${ms / 60_000} minutes`
  return ms === 1_000 ? "1 second" : ms % 1_000 === 0 ? `${ms / 1_000} seconds` : `${ms} ms`
}

const count = (value: number): string => value.toLocaleString("en-US")

/** Lists the facts that the docstring of a client's option must state. */
const facts = (entry: OptionEntry): ReadonlyArray<string> => {
  switch (entry.kind) {
    case "integer":
      return [`${count(entry.least)} to ${count(entry.most)}`, `Default ${count(entry.default)}.`]
    case "duration":
      return [
        ...(entry.least === 0 ? [] : [`at least ${words(entry.least)}`]),
        `Default ${words(entry.default)}`,
        ...(entry.naturalKey === undefined ? [] : [`\`natural-key\` ${words(entry.naturalKey)}.`]),
        ...(entry.inRuns === undefined || !Number.isFinite(entry.inRuns)
          ? []
          : [`in runs ${words(entry.inRuns)}.`]),
      ]
    case "choice":
      return [`Default \`${entry.default}\`.`]
    case "boolean":
      return [`Default ${entry.default}.`]
    default:
      return []
  }
}

describe("ClientOptions", () => {
  const source = readFileSync(new URL("../src/call/ClientOptions.ts", import.meta.url), "utf8")
  const own = source.slice(0, source.indexOf("export interface CallOptions"))
  const docs = new Map(
    [...own.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\?/g)].map(
      ([, text = "", name = ""]) => [name, text] as const,
    ),
  )

  it("states the ranges and defaults of the table in its docstrings", () => {
    for (const [name, entry] of entries.filter(([, { scopes }]) => scopes.includes("client"))) {
      if (name === "token") continue
      for (const fact of facts(entry)) assert.include(docs.get(name) ?? "", fact, name)
    }
  })
})
