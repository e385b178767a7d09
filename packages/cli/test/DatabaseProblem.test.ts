import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"

import { problemOf } from "../src/outbox/DatabaseProblem.ts"
import type { DatabaseUrl } from "../src/outbox/DatabaseUrl.ts"

const database: DatabaseUrl = {
  url: Redacted.make("postgres://ana:canary@db/app"),
  mode: "require",
  shown: "db/app",
  isExposed: false,
}
const error = (message: string, members: object = {}) => Object.assign(new Error(message), members)

describe("problemOf", () => {
  it("has words for every way in which a database cannot be used, and quotes no message", () => {
    const cases = [
      [error("canary", { code: "28P01" }), "the database db/app rejected the user or the password"],
      [error("canary", { code: "3D000" }), "the database db/app does not exist"],
      [error("canary", { code: "ECONNREFUSED" }), "cannot reach the database db/app: ECONNREFUSED"],
      [
        error("canary", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
        "the certificate of the database db/app cannot be verified: DEPTH_ZERO_SELF_SIGNED_CERT",
      ],
      [
        error("canary", { code: "ENOENT", syscall: "open" }),
        "a file that the URL of the database db/app names cannot be read (ENOENT)",
      ],
      [
        error("The server does not support SSL connections"),
        "the database db/app does not offer TLS, which sslmode=require asks for",
      ],
      [
        error("The server does not support TLS"),
        "the database db/app does not offer TLS, which sslmode=require asks for",
      ],
      [
        error("canary", { _tag: "PgProtocolParseError" }),
        "what answers at db/app is no Postgres server",
      ],
      [error("SASL: canary"), "the database db/app asks for a password"],
      [
        error("The server requested password authentication"),
        "the database db/app asks for a password",
      ],
      [error("timeout expired"), "the database db/app does not respond"],
      [error("Connection timed out"), "the database db/app does not respond"],
      [{ code: "NO_OUTBOX" }, "the database db/app has no outbox"],
      [error("canary", { code: "XX000" }), "the database db/app cannot be used: XX000"],
      ["canary", "the database db/app cannot be used"],
    ] as const
    for (const [given, problem] of cases) {
      const found = problemOf(given, database)
      assert.strictEqual(found.problem, problem)
      assert.notInclude(found.fix, "canary")
      assert.isNotEmpty(found.fix)
    }
  })
})
