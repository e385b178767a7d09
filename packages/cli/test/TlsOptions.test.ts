import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

import { parse } from "../src/outbox/DatabaseUrl.ts"
import { tlsOptions } from "../src/shared/TlsOptions.ts"
import { Home } from "./process.ts"

const optionsOf = (parameters: string) =>
  tlsOptions(Result.getOrThrow(parse(`postgres://ana@db.example/app${parameters}`, "a test", {})))

describe("tlsOptions", () => {
  it("means by sslmode what libpq does", () => {
    const unchecked = { rejectUnauthorized: false }
    assert.deepStrictEqual(optionsOf(""), [false])
    assert.deepStrictEqual(optionsOf("?sslmode=disable"), [false])
    assert.deepStrictEqual(optionsOf("?sslmode=prefer"), [unchecked, false])
    assert.deepStrictEqual(optionsOf("?sslmode=require"), [unchecked])
    assert.deepStrictEqual(optionsOf("?sslmode=verify-full"), [{}])
  })

  it("reads certificates, and then checks the chain", () => {
    using home = new Home()
    const path = join(home.path, "root.crt")
    writeFileSync(path, "a certificate")
    const root = `&sslrootcert=${encodeURIComponent(path)}`
    for (const mode of ["require", "verify-ca"]) {
      const [options] = optionsOf(`?sslmode=${mode}${root}`)
      assert.deepInclude(options, { ca: "a certificate" })
      assert.notProperty(options, "rejectUnauthorized")
      assert.property(options, "checkServerIdentity")
    }
    assert.deepStrictEqual(optionsOf(`?sslmode=verify-full${root}`), [{ ca: "a certificate" }])
    assert.throws(() => optionsOf("?sslmode=verify-full&sslrootcert=%2Fnowhere"), /ENOENT/)
  })
})
