import { fork } from "node:child_process"
import { once } from "node:events"

import { assert, describe, it } from "vitest"

import { report } from "../../../../apps/conformance/src/results/Figures.ts"

/** Runs a program with options of Node.js and returns what it reported. */
const messagesOf = async <A>(
  program: string,
  args: readonly string[],
  execArgv: readonly string[],
) => {
  const child = fork(new URL(program, import.meta.url), args, { execArgv: [...execArgv] })
  const messages: A[] = []
  child.on("message", (message: A) => messages.push(message))
  const [code] = await once(child, "exit")
  assert.strictEqual(code, 0, `${program} ${args.join(" ")}`)
  return messages
}

describe("read", () => {
  it("ends with rows or an error with a place for 200,000 spoiled files, with flat memory", async () => {
    const parts = await messagesOf<{
      read: number
      errors: Record<string, number>
      live: number
    }>("./spoil-run.ts", ["20000", "10"], ["--expose-gc"])
    assert.lengthOf(parts, 10)
    const read = parts.reduce((sum, part) => sum + part.read, 0)
    const refused = parts.flatMap(({ errors }) => Object.values(errors))
    report({
      counts: {
        "spoiled files": 10 * 20_000,
        "read to the end": read,
        "refused with a typed error": refused.reduce((sum, count) => sum + count, 0),
      },
    })
    const [first, ...rest] = parts.map(({ live }) => live)
    for (const live of rest) assert.isBelow(live - (first ?? 0), 5_000_000)
  }, 1_800_000)

  for (const [giant, code] of [
    ["one cell", "RECORD_TOO_LONG"],
    ["one quoted cell", "RECORD_TOO_LONG"],
    ["quotation marks", "RECORD_TOO_LONG"],
    ["many cells", "RECORD_TOO_LONG"],
    ["header only", "RECORD_TOO_LONG"],
    ["formula", "RECORD_TOO_LONG"],
    ["end-of-file marks", "RECORD_TOO_LONG"],
    ["one object", "RECORD_TOO_LONG"],
  ] as const)
    it(`refuses 2 GB of ${giant} on one line in a heap of 64 MB`, async () => {
      const [message] = await messagesOf<{ code: string; produced: number }>(
        "./giant-run.ts",
        [giant],
        ["--max-old-space-size=64"],
      )
      assert.strictEqual(message?.code, code)
      assert.isBelow(message?.produced ?? Infinity, 10_000_000)
    })

  it("reads an array of 2 GB on one line in a heap of 64 MB", async () => {
    const [message] = await messagesOf<{ code?: string; count: number }>(
      "./giant-run.ts",
      ["array"],
      ["--max-old-space-size=64"],
    )
    assert.deepInclude(message, { code: "JSON_SYNTAX" })
    assert.isAbove(message?.count ?? 0, 500_000)
  }, 1_800_000)
})
