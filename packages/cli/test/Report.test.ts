import { ConnectionError, InvalidContactError, RateLimitError } from "@aelyst/core"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Failure, usage } from "../src/Failure.ts"
import * as Report from "../src/Report.ts"
import { captured } from "./captured.ts"
import { inside } from "./inside.ts"
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

const context = Report.contextOf({ host: "api.example.com", profile: "default" })
const limited = new RateLimitError({ attempts: [], retryAfterMs: 7_000, limit: 10 })

describe("ofError", () => {
  it("holds the exit, the code and the members of the error, for programs", () => {
    const { exit, code, members } = Report.ofError(limited, context)
    assert.deepStrictEqual([exit, code], ["later", "RATE_LIMITED"])
    assert.deepStrictEqual(members, {
      name: "RateLimitError",
      status: 429,
      attempts: 0,
      retryAfterMs: 7_000,
      outcome: "rejected",
    })
  })

  it("holds the issues and the code of the first for an invalid contact", () => {
    const issues = [{ path: ["email"], code: "EMAIL_INVALID", rule: "An email address is …" }]
    const report = Report.ofError(new InvalidContactError({ attempts: [], issues }), context)
    assert.deepStrictEqual([report.exit, report.code], ["invalid", "EMAIL_INVALID"])
    assert.deepStrictEqual(report.members["issues"], issues)
  })
})

describe("ofFailure", () => {
  it("reports that nothing was sent", () => {
    const report = Report.ofFailure(usage("wrong", "a hint"))
    assert.deepStrictEqual(report, {
      exit: "usage",
      code: "USAGE",
      headline: "wrong",
      details: ["a hint"],
      members: { name: "Failure", attempts: 0, outcome: "not_sent" },
    })
  })
})

describe("ofDefect", () => {
  it("shows the stack only if one is given, with control characters escaped", () => {
    assert.deepStrictEqual(Report.ofDefect(undefined).details.length, 2)
    const { details, exit } = Report.ofDefect("Error: x\n    at \u001b[2J")
    assert.strictEqual(exit, "bug")
    assert.deepStrictEqual(details.slice(2), ["Error: x", String.raw`    at \x1b[2J`])
  })
})

describe("ofSignal", () => {
  it("says the outcome for the contact", () => {
    const cases = [
      ["created", "the contact was created"],
      ["exists_after_doubt", "the contact exists; probably created by the lost attempt"],
      ["not_sent", "nothing was sent"],
      ["rejected", "the contact was not created"],
      [
        "unknown",
        "outcome unknown: the contact may exist; search for it in the Aelyst app before retrying",
      ],
    ] as const
    for (const [outcome, text] of cases) {
      const report = Report.ofSignal("SIGINT", outcome)
      assert.deepStrictEqual(report.details, [text])
      assert.deepStrictEqual(report.members, { name: "Interrupted", outcome })
    }
  })

  it("has the exit code of the signal", () => {
    assert.strictEqual(Report.exitCodeOf(Report.ofSignal("SIGINT", "not_sent")), 130)
    assert.strictEqual(Report.exitCodeOf(Report.ofSignal("SIGTERM", "not_sent")), 143)
  })
})

describe("isReport", () => {
  it("knows a report from a failure and from nothing", () => {
    assert.isTrue(Report.isReport(Report.ofError(limited, context)))
    const failure = new Failure({ exit: "usage", code: "FILE", message: "", hints: [] })
    for (const other of [failure, undefined, null, "text", {}]) {
      assert.isFalse(Report.isReport(other))
    }
  })
})

describe("print", () => {
  const report = Report.ofError(
    new ConnectionError({ attempts: [], kind: "dns", code: "ENOTFOUND" }),
    context,
  )

  it("writes a line with the code, and indented lines below it", () => {
    const { printer, written } = captured({ stderr: true })
    Report.print(report, printer)
    assert.strictEqual(
      written.stderr,
      "\u001b[31merror:\u001b[0m cannot reach api.example.com: ENOTFOUND (check the host name, DNS or HTTPS_PROXY)  [NETWORK]\n" +
        "  outcome not_sent: nothing was sent\n  to find out why: aelyst doctor\n",
    )
    assert.strictEqual(written.stdout, "")
  })

  it("U36 writes one line of JSON with --json, the hints as an array", () => {
    const { printer, written } = captured({}, {}, { json: true })
    Report.print(report, printer)
    assert.deepStrictEqual(JSON.parse(written.stderr), {
      schemaVersion: 1,
      ok: false,
      error: {
        code: "NETWORK",
        message: report.headline,
        name: "ConnectionError",
        attempts: 0,
        outcome: "not_sent",
        docs: "https://github.com/aelyst/aelyst/blob/main/docs/errors/NETWORK.md",
        hints: ["outcome not_sent: nothing was sent", "to find out why: aelyst doctor"],
      },
      exitCode: 8,
    })
  })
})

describe.concurrent("the report of a rejected contact", () => {
  it("shows escape sequences of the server instead of sending them to the terminal", async () => {
    const evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u001b]8;;http://evil\u001b\\click\u009b31m"
    const id = "id:escapes"
    sandbox.fail({ match: { identifier: id }, status: 400, body: { code: 400, message: evil } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl, FORCE_COLOR: "0" }
    for (const flags of [[], ["--json"]]) {
      const { code, stdout, stderr } = await aelyst(["create", id, ...person, ...flags], { env })
      assert.strictEqual(code, 5)
      assert.notMatch(stdout + stderr, /\p{Cc}(?<!\n)/u)
      assert.include(stderr, "[2J")
    }
  })

  it("shows the words of the server without the contact's values and the token", async () => {
    const id = "email:canary.person@example.com"
    const message = `canary.person@example.com and Zebedee are known, by ${canary}`
    sandbox.fail({ match: { identifier: id }, status: 400, body: { code: 400, message } })
    const env = { AELYST_TOKEN: canary, AELYST_BASE_URL: sandbox.baseUrl }
    for (const flags of [[], ["--json"], ["-v"]]) {
      const { code, stdout, stderr } = await inside(
        ["create", id, "--first-name", "Zebedee", ...flags],
        { env },
      )
      assert.strictEqual(code, 5)
      assert.include(stderr, "are known")
      assert.notMatch(stdout + stderr, /canary|Zebedee/)
    }
  })
})
