import { readFileSync, readdirSync } from "node:fs"
import { expect, it } from "vitest"

import type { StatusRow } from "../src/Status.ts"
import { requestErrors, statusTable } from "../src/Status.ts"

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

/** Returns the rows of a table between two marks, without the formatter's spaces. */
const rowsOf = (name: string): ReadonlyArray<string> => {
  const part = readme.split(`<!-- ${name}:begin`)[1]?.split(`<!-- ${name}:end -->`)[0] ?? ""
  return part
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.replace(/\s+/g, " "))
}

const side = ({ code, status }: Pick<StatusRow["proxy"], "code" | "status">) =>
  `${status} \`${code}\``

it("has the status table of the source", () => {
  const rows = Object.entries<StatusRow>(statusTable).map(([name, row]) => {
    const waits = { always: "`Retry-After`", named: "`Retry-After`, if known", never: "-" }
    const wait = waits[row.retryAfter]
    const headers = name === "RateLimitError" ? `${wait}; proxy also \`X-RateLimit-*\`` : wait
    return `| \`${name}\` | ${side(row.visitor)} | ${side(row.proxy)} | ${headers} |`
  })
  expect(rowsOf("status")).toEqual(rows)
})

it("has the request errors of the source", () => {
  const rows = Object.entries(requestErrors).map(
    ([code, { message, status }]) => `| \`${code}\` | ${status} | ${message} |`,
  )
  expect(rowsOf("request-errors")).toEqual(rows)
})

it("documents every option of every block", () => {
  const types = readFileSync(new URL("../src/types.ts", import.meta.url), "utf8")
  const blocks = types.split("export interface ").filter((part) => /^\w+Options/.test(part))
  const options = blocks.flatMap((part) =>
    [...part.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((found) => found[1] ?? ""),
  )
  expect(options.length).toBeGreaterThan(15)
  const missing = options.filter((option) => !new RegExp(`\`(${option}\\b|allow\\.)`).test(readme))
  expect(missing.filter((option) => option !== "delivery")).toEqual([])
})

// the examples in comments import this package
const codeOf = (source: string) => source.replace(/\/\*[\s\S]*?\*\//g, "")

it("publishes no type of Effect or core", () => {
  const dist = new URL("../dist/", import.meta.url)
  const files = readdirSync(dist).filter((file) => file.endsWith(".d.ts"))
  expect(files).toContain("index.d.ts")
  const imported = files.flatMap((file) =>
    [...codeOf(readFileSync(new URL(file, dist), "utf8")).matchAll(/from "([^"./][^"]*)"/g)].map(
      (found) => found[1],
    ),
  )
  expect([...new Set(imported)].toSorted()).toEqual(["@aelyst/node", "express", "node:http"])
})
