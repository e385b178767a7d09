import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import { fromArgument, parse } from "../src/outbox/DatabaseUrl.ts"

const read = (text: string, env: Readonly<Record<string, string>> = {}) =>
  Result.getOrThrow(parse(text, "AELYST_STORE", env))

const failure = (text: string) => Result.getOrThrow(Result.flip(parse(text, "AELYST_STORE", {})))

describe("parse", () => {
  it("takes the sslmode of the URL, else that of PGSSLMODE, else none", () => {
    const url = "postgres://ana:canary@db.example.com:5432/app"
    const cases = [
      [url, {}, "disable", true],
      [`${url}?sslmode=disable`, {}, "disable", false],
      [`${url}?sslmode=require`, { PGSSLMODE: "disable" }, "require", false],
      [url, { PGSSLMODE: "verify-full" }, "verify-full", false],
      [`${url}?ssl=true`, {}, "verify-full", false],
      [`${url}?sslmode=verify-ca&sslrootcert=ca.pem`, {}, "verify-ca", false],
    ] as const
    for (const [text, env, mode, isExposed] of cases) {
      const found = read(text, env)
      assert.deepInclude(found, { mode, isExposed }, text)
      const { searchParams } = new URL(Redacted.value(found.url))
      assert.deepStrictEqual(searchParams.getAll("sslmode"), [mode])
      assert.strictEqual(searchParams.get("uselibpqcompat"), "true")
    }
  })

  it("warns of no connection that stays on the machine", () => {
    const urls = [
      "postgres://ana@localhost/app",
      "postgresql://ana@127.0.0.1:5433/app",
      "postgres://ana@[::1]/app",
      "postgres://ana@/app?host=/var/run/postgresql",
      "postgres:///app",
      "postgres://%2Fvar%2Frun/app",
    ]
    for (const url of urls) assert.isFalse(read(url).isExposed, url)
    assert.isTrue(read("postgres://ana@localhost/app?host=db.example.com").isExposed)
  })

  it("names host, port and database, and nothing else", () => {
    const { shown, url } = read("postgres://ana:canary@db.example.com:5432/app?sslmode=require")
    assert.strictEqual(shown, "db.example.com:5432/app")
    assert.notInclude(`${url} ${JSON.stringify(url)}`, "canary")
  })

  it("quotes nothing of a text that it cannot read", () => {
    const texts = [
      "canary",
      "mysql://ana:canary@db/app",
      "postgres://ana:can/ary@db/app",
      "host=db password=canary",
      "postgres://ana:canary@db:99999/app",
      "postgres://ana:12/canary@db/app",
      "postgres://ana:12?canary@db/app",
      "postgres://ana:12#canary@db/app",
      "postgres://ana:12#canary",
    ]
    for (const text of texts) {
      const { hints, message } = failure(text)
      assert.notMatch([message, ...hints].join(), /canary|can\/ary|ana:/, text)
      assert.include(message, "AELYST_STORE holds no URL of a Postgres database")
    }
  })

  it("refuses an sslmode that it does not know, and verify-ca without a certificate", () => {
    assert.strictEqual(
      failure("postgres://db/app?sslmode=canary").message,
      "invalid sslmode in AELYST_STORE",
    )
    assert.strictEqual(
      failure("postgres://db/app?sslmode=verify-ca").message,
      "sslmode=verify-ca in AELYST_STORE needs sslrootcert",
    )
  })
})

describe("fromArgument", () => {
  it("refuses a password in any place, and shows none", () => {
    const texts = [
      "postgres://ana:canary@db/app",
      "postgres://:canary@db/app",
      "postgres://ana:can/ary@db/app",
      "postgres://ana:c@nary@db/app",
      "postgres://ana@db/app?password=canary",
      "postgres://ana@db/app?sslmode=require&sslpassword=canary",
      "host=db password=canary",
      "host=db PASSWORD = canary",
    ]
    for (const text of texts) {
      const { hints, message } = Result.getOrThrow(Result.flip(fromArgument(text, {})))
      assert.strictEqual(
        message,
        "--store holds a password: arguments are visible in the process list",
      )
      assert.notMatch(hints.join(), /canary|ary@/)
    }
  })

  it("takes a URL without one", () => {
    for (const text of ["postgres://ana@db:5432/app", "postgres://db/app", "postgres:///app"]) {
      assert.isTrue(Result.isSuccess(fromArgument(text, {})), text)
    }
  })
})
