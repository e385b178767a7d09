import { assert, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { commandMatrix } from "./matrix.ts"

describe.concurrent("aelyst errors", () => {
  it("lists codes, explains one, and suggests one for an unknown code", async () => {
    const { stdout } = await inside(["errors"])
    const codes = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "")
    assert.includeMembers(codes, ["NETWORK", "OUTCOME_UNKNOWN", "EMAIL_INVALID", "TOKEN_MISSING"])
    const one = await inside(["errors", "email_invalid"])
    assert.include(one.stdout, "exit 3")
    assert.include(one.stdout, "docs/errors/EMAIL_INVALID.md")
    const none = await inside(["errors", "EMAIL"])
    assert.strictEqual(none.code, 2)
    assert.include(none.stderr, "EMAIL_INVALID")
  })

  it("says where to find all codes, and shows no text that is not a code", async () => {
    const unknown = await inside(["errors", "QQQ"])
    assert.include(unknown.stderr, "error: unknown code QQQ  [USAGE]")
    assert.include(unknown.stderr, "all codes: aelyst errors")
    const value = await inside(["errors", "ana@example.com"])
    assert.include(value.stderr, "error: unknown code (15 characters)  [USAGE]")
  })

  it("U19 reads as a sentence: the rule of a contact, or when an error occurs", async () => {
    const rule = await inside(["errors", "EMAIL_INVALID"])
    assert.match(rule.stdout, /^EMAIL_INVALID {2}\(exit 3\)\n {2}rule: +An email address must have/)
    const error = await inside(["errors", "SERVER_ERROR"])
    assert.match(error.stdout, /^SERVER_ERROR {2}\(exit 7\)\n {2}when: +The API answered 500/)
  })

  it("U20 finds the page of an exit code, a status, a class and a reason", async () => {
    const cases = [
      ["5", ["API_REJECTED", "CONTACT_EXISTS"]],
      ["4", ["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_HOST", "UNAUTHORIZED"]],
      ["429", ["RATE_LIMITED"]],
      ["503", ["SERVER_ERROR"]],
      ["RateLimitError", ["RATE_LIMITED"]],
      ["outcomeunknownerror", ["OUTCOME_UNKNOWN"]],
      ["circuit", ["NOT_SENT"]],
      ["dns", ["NETWORK"]],
      ["redirect", ["UNEXPECTED_RESPONSE"]],
      ["130", []],
    ] as const
    for (const [wanted, codes] of cases) {
      const { code, stdout } = await inside(["errors", wanted])
      assert.strictEqual(code, 0, wanted)
      for (const one of codes) assert.include(stdout, one)
      const json = JSON.parse((await inside(["errors", wanted, "--json"])).stdout)
      const found = json.codes?.map((page: { readonly code: string }) => page.code) ?? [json.code]
      assert.deepStrictEqual(found, [...codes])
    }
  })

  it("U21 lists the reasons that the message of an error names", async () => {
    const { stdout } = await inside(["errors", "NOT_SENT"])
    for (const reason of ["circuit", "queue", "deadline", "token", "closed", "gate"]) {
      assert.match(stdout, new RegExp(`^ +(?:reasons: )?${reason}: `, "m"))
    }
    const limited = await inside(["errors", "RATE_LIMITED"])
    for (const flag of ["--retries", "--max-wait", "--deadline"]) {
      assert.include(limited.stdout, flag)
    }
  })

  commandMatrix("errors", ["pipe", "CI", "process"])
})
