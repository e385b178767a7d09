import { readFileSync } from "node:fs"

import {
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  InternalServerError,
  InvalidContactError,
  OutcomeUnknownError,
  RateLimitError,
  UnavailableError,
  UnexpectedResponseError,
} from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"

import { allCodes, codeOf } from "../src/ErrorCode.ts"
import { exitOf, exitTable } from "../src/ExitCode.ts"

const attempts: [] = []
const server = new InternalServerError({ attempts, status: 503 })

describe("exitOf", () => {
  it("gives every error the code of the table", () => {
    const odd = { attempts, status: 302, headers: {}, excerpt: "" }
    const cases = [
      [new InvalidContactError({ attempts, issues: [] }), 3],
      [new AuthenticationError({ attempts }), 4],
      [new BadRequestError({ attempts, status: 400, exists: false }), 5],
      [new BadRequestError({ attempts, status: 409, exists: true }), 5],
      [new RateLimitError({ attempts }), 6],
      [new UnavailableError({ attempts, reason: "circuit" }), 6],
      [server, 7],
      [new UnexpectedResponseError({ ...odd, outcome: "unknown", reason: "redirect" }), 7],
      [new ConnectionError({ attempts, kind: "dns", code: "ENOTFOUND" }), 8],
      [new OutcomeUnknownError({ attempts, code: "TIMEOUT" }), 8],
      [new OutcomeUnknownError({ attempts, code: "HTTP_500", last: server }), 7],
      [
        new OutcomeUnknownError({
          attempts,
          code: "ECONNRESET",
          last: new AuthenticationError({ attempts }),
        }),
        8,
      ],
    ] as const
    for (const [error, code] of cases) {
      assert.strictEqual(exitTable[exitOf(error)].code, code, error._tag)
      assert.isTrue(allCodes.has(codeOf(error)), codeOf(error))
    }
  })
})

describe("exitTable", () => {
  it("is the table of the README, row by row", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    const rows = readme
      .split("\n")
      .filter((line) => /^\| \d+ +\|/.test(line))
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .map(([, code, meaning, retry]) => [code, meaning, retry])
    const table = Object.values(exitTable).map(({ code, meaning, retry }) => [
      String(code),
      meaning,
      retry,
    ])
    assert.deepStrictEqual(rows, table)
  })
  it("holds no code twice", () => {
    const codes = Object.values(exitTable).map(({ code }) => code)
    assert.strictEqual(new Set(codes).size, codes.length)
  })
})
