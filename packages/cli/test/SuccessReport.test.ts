import type { CreateResult } from "@aelyst/core"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import * as SuccessReport from "../src/SuccessReport.ts"
import { captured } from "./captured.ts"
import { aelyst } from "./process.ts"

const canary = "canary_token_Zx81qQ"
const person = ["--first-name", "Ana"]
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start({ extraTokens: { [canary]: {} } })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const attempt = {
  number: 1,
  phase: "answered",
  status: 200,
  startedAt: 0,
  durationMs: 100,
  waitedMs: 0,
} as const
const result: CreateResult = {
  result: "created",
  outcome: "created",
  identifier: "email:ana@example.com",
  status: 200,
  message: "Contact added successfully!",
  attempts: [attempt],
  rateLimit: { limit: 10, remaining: 9 },
  // safe: its identifier is one that core accepts
} as unknown as CreateResult

describe("print", () => {
  it("writes a line for people, with the facts of the call", () => {
    const { printer, written } = captured({ stdout: true }, { NO_COLOR: "1" })
    SuccessReport.print(printer, result, 143)
    SuccessReport.print(printer, { ...result, attempts: [attempt, attempt], rateLimit: {} }, 7_400)
    assert.strictEqual(
      written.stdout,
      "✔ Contact added  email:ana@example.com  (200, 143 ms, 9 of 10 requests left)\n" +
        "✔ Contact added  email:ana@example.com  (200, 7.4 s, 2 attempts)\n",
    )
  })

  it("says that a contact which exists after doubt was probably created by the lost attempt", () => {
    const { printer, written } = captured({ stdout: true }, { NO_COLOR: "1" })
    SuccessReport.print(printer, { ...result, result: "exists_after_doubt" }, 1)
    assert.include(written.stdout, "✔ Contact exists; probably created by the lost attempt  email:")
  })

  it("writes two columns for programs, with control characters escaped", () => {
    const { printer, written } = captured()
    // safe: a result as it would be if an identifier held these characters
    const odd = { ...result, identifier: "id:\u001b[2J\t1" } as CreateResult
    SuccessReport.print(printer, odd, 1)
    assert.strictEqual(written.stdout, "created\tid:\\x1b[2J\\t1\n")
  })

  it("writes one line of JSON with --json, also if it is quiet", () => {
    const { printer, written } = captured({}, {}, { json: true })
    printer.quiet = true
    SuccessReport.print(printer, result, 1)
    assert.deepStrictEqual(JSON.parse(written.stdout), {
      schemaVersion: 1,
      ok: true,
      result: "created",
      identifier: "email:ana@example.com",
      status: 200,
      message: "Contact added successfully!",
      attempts: 1,
      rateLimit: { limit: 10, remaining: 9 },
    })
  })

  it("writes nothing if it is quiet", () => {
    const { printer, written } = captured({ stdout: true })
    printer.quiet = true
    SuccessReport.print(printer, result, 1)
    assert.deepStrictEqual(written, { stdout: "", stderr: "" })
  })

  it("escapes control characters of the server's message", async () => {
    const id = "id:escapes-200"
    const message = "\u001b[2Jok\u009b"
    sandbox.fail({ match: { identifier: id }, status: 200, body: { code: "200", message } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl }
    const { stdout } = await aelyst(["create", id, ...person, "--json"], { env })
    assert.notMatch(stdout, /\p{Cc}(?<!\n)/u)
    assert.propertyVal(JSON.parse(stdout), "message", message)
  })
})
