import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, describe, expect, it } from "vitest"
import type { Block } from "../src/Blocks.ts"
import { folderOf, readmes } from "./readmes.ts"
import { compile } from "./typescript.ts"

// the names that a comment `// fails with: …` may use, in addition to the classes that its block declares
const names = `
export type { AelystHttpError, InternalError, TooManyRequests } from "@aelyst/core/contract"
export type { AelystError, ConfigurationError } from "@aelyst/core"
export type { ConfigError } from "effect/Config"
export type { NdjsonError } from "effect/encoding/Ndjson"
export type { HttpClientError } from "effect/http/HttpClientError"
export type { RateLimiterError } from "effect/persistence/RateLimiter"
export type { PlatformError } from "effect/PlatformError"
export type { SchemaError } from "effect/Schema"
`

// lines that a reader of this package expects to work; the blocks that hold them are compiled and run
const lines = [
  "layer({ baseUrl, token: Effect.flatMap(Vault, (vault) => vault.secret(",
  'layerConfig({ token: Config.Redacted("ACME_TOKEN") })',
  'Layer.catchTag("ConfigurationError", ',
  "AelystClient.layer",
  "ErrorSchema.RateLimitError",
  "CreateResultSchema",
  "result.row.line",
  'r.outcome === "invalid" ? r.error.issues : []',
  "(e: AelystError) => e.retryAfter",
  "CustomFieldSchema.make(catalogue)",
  "IdentifierSchema.FromString",
  "Effect.catchIf(isExists, ",
  "Effect.retry(RateLimitSchedule.make())",
]

const page = "docs/effect.md"
const text = readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8")
const blocks = readmes.find(({ readme }) => readme === page)?.blocks ?? []
const programs = blocks.filter(({ code }) => /^const program\b/m.test(code))

/** Returns the error channel that a block names, as a type. */
const channelOf = ({ code, line }: Block): string => {
  const named = /^\/\/ fails with: (.+)\nconst program\b/m.exec(code)?.[1]
  if (named === undefined) throw new Error(`${page}:${line}: no "// fails with:" above program`)
  return named.replace(/\w+/g, (name) =>
    name === "never" || code.includes(`class ${name} `) ? name : `Names.${name}`,
  )
}

const folder = folderOf("error-channels")
const check = (block: Block, channel: string) => {
  const assertion = `expectTypeOf<Effect_.Error<typeof program>>().toEqualTypeOf<${channel}>()`
  const imports = `import type * as Effect_ from "effect/Effect"\nimport { expectTypeOf } from "vitest"\nimport type * as Names from "./names.ts"`
  const code = `${"\n".repeat(block.line)}${block.code}\n${imports}\n${assertion}\n`
  writeFileSync(join(folder, `effect-${block.line}.ts`), code)
}

describe("the programs of the Effect page", () => {
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "names.ts"), names)
  })

  it("are eleven, each over the client and over HttpClient, and one for each short answer", () => {
    const [numbered = "", answers = ""] = text.split("\n## Short answers\n")
    const sections = numbered.split(/^## \d+\. /m).slice(1)
    expect(sections.map((section) => section.match(/^const program\b/gm)?.length)).toStrictEqual(
      Array.from({ length: 11 }, () => 2),
    )
    const answered = answers.split(/^### /m).slice(1)
    expect(answered.filter((answer) => !answer.includes("```ts\n"))).toStrictEqual([])
  })

  it.each(lines)("show the line %s", (line) => {
    expect(blocks.map(({ code }) => code).join("")).toContain(line)
  })

  it("fail with the errors that their comments name, and with no others", async () => {
    for (const block of programs) check(block, channelOf(block))
    expect(await compile(folder)).toBe("")
  })

  it("do not compile with another error channel", async () => {
    for (const block of programs) check(block, "Date")
    const failed = new Set((await compile(folder)).match(/effect-\d+(?=\.ts)/g))
    expect(failed.size).toBe(programs.length)
  })
})
