import { writeFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import type { ContactFlags } from "../src/ContactFlags.ts"
import * as ContactInput from "../src/ContactInput.ts"
import { Host } from "../src/Host.ts"
import { isReport } from "../src/Report.ts"
import { Screen } from "../src/Screen.ts"
import { body } from "./body.ts"
import { captured } from "./captured.ts"
import { inside } from "./inside.ts"
import { Home } from "./process.ts"

const noFlags: ContactFlags = {
  firstName: undefined,
  lastName: undefined,
  phone: undefined,
  email: undefined,
  language: undefined,
  countryCode: undefined,
  profilePic: undefined,
  field: [],
  data: undefined,
  noFill: false,
}

const read = (argument: string, flags: Partial<ContactFlags>) => {
  const { printer, streams, written } = captured()
  const settings = { customFields: undefined, defaultCountry: undefined, host: "h", profile: "p" }
  const host = Host.of({ env: {}, cwd: "/", stdin: (async function* () {})(), ...streams })
  const effect = ContactInput.read(argument, { ...noFlags, ...flags }, settings).pipe(
    Effect.provideService(Host, host),
    Effect.provideService(Screen, printer),
  )
  return { effect, written }
}

describe("read", () => {
  it("returns the validated contact, which knows its kind, value, key and secrets", () => {
    const { effect, written } = read("email:ana@Example.com", { firstName: "Ana" })
    const valid = Effect.runSync(effect)
    assert.strictEqual(valid.kind, "email")
    assert.strictEqual(valid.value, "ana@Example.com")
    assert.strictEqual(valid.key, "email:ana@example.com")
    assert.includeMembers([...valid.secrets], ["ana@Example.com", "Ana"])
    assert.strictEqual(written.stderr, "")
  })

  it("fails with every issue, and names the flags that may be missing", async () => {
    const report = await Effect.runPromise(Effect.flip(read("id:1", { phone: "01234" }).effect))
    if (!isReport(report)) throw new Error("not a report")
    assert.strictEqual(report.exit, "invalid")
    assert.isAtMost(report.details.length, 2)
    assert.strictEqual(
      report.details.at(-1),
      "fix:   add --first-name; add --default-country, such as MY, or begin with + and the country code, such as +60; nothing was sent",
    )
    assert.notInclude(JSON.stringify(report), "01234")
  })

  it("U27 prints a note if the contact has another address or number than its identifier", () => {
    const notes = [
      ["email:ana@example.com", { email: "bo@example.com" }, "email differs from the address"],
      ["phone:+60123456789", { phone: "+60123456780" }, "phone differs from the number"],
      ["email:ana@example.com", { email: "Ana@Example.com" }, undefined],
      ["id:1", { email: "bo@example.com" }, undefined],
    ] as const
    for (const [identifier, flags, note] of notes) {
      const { effect, written } = read(identifier, { firstName: "Ana", ...flags })
      Effect.runSync(effect)
      const expected = note === undefined ? "" : `note: the contact's ${note} of its identifier\n`
      assert.strictEqual(written.stderr, expected)
    }
  })

  it("prints a note if the identifier is not sent as it was typed", () => {
    const { effect, written } = read("ana@example.com", { firstName: "Ana" })
    assert.strictEqual(Effect.runSync(effect).identifier, "email:ana@example.com")
    assert.strictEqual(
      written.stderr,
      "note: identifier read as email:…; add the prefix to be explicit\n",
    )
  })

  it("copies email and phone from the identifier, except with --no-fill or a value", async () => {
    const name = ["--first-name", "A"]
    assert.deepStrictEqual(await body(["email:a@b.co", ...name]), {
      firstName: "A",
      email: "a@b.co",
    })
    assert.deepStrictEqual(await body(["+60123456789", ...name]), {
      firstName: "A",
      phone: "+60123456789",
    })
    assert.deepStrictEqual(await body(["email:a@b.co", ...name, "--no-fill"]), { firstName: "A" })
    assert.deepStrictEqual(await body(["email:a@b.co", ...name, "--email", "x@b.co"]), {
      firstName: "A",
      email: "x@b.co",
    })
  })

  it("checks the custom fields against those of the project", async () => {
    using project = new Home()
    writeFileSync(
      `${project.path}/aelyst.config.json`,
      JSON.stringify({
        customFields: { Age: "number", Tier: { type: "list", options: ["Gold"] } },
      }),
    )
    const args = ["create", "id:1", "--first-name", "A", "--dry-run"]
    const run = (...fields: ReadonlyArray<string>) =>
      inside([...args, ...fields.flatMap((field) => ["--field", field])], { cwd: project.path })
    assert.include((await run("Age=41", "Tier=Gold")).stdout, '{"name":"Age","value":41}')
    for (const [field, issue] of [
      ["Tier=Silver", "LIST_INVALID"],
      ["Tire=Gold", "CUSTOM_FIELD_UNKNOWN"],
      ["Age=old", "NUMBER_INVALID"],
    ] as const) {
      const ended = await run(field)
      assert.strictEqual(ended.code, 3)
      assert.include(ended.stderr, `[${issue}]`)
    }
  })

  it("converts national numbers with a default country", async () => {
    const name = ["--first-name", "A", "--no-fill"]
    const wanted = { firstName: "A", phone: "+60123456789" }
    for (const number of ["0123456789", "012-345 6789", "(012) 345-6789", "+60 12 345 6789"]) {
      const args = ["id:1", ...name, "--default-country", "my", "--phone", number]
      assert.deepStrictEqual(await body(args), wanted, number)
    }
    const home = { env: { AELYST_DEFAULT_COUNTRY: "MY" } }
    for (const identifier of ["0123456789", "phone:012-345 6789"]) {
      const { stdout, stderr } = await inside(["create", identifier, ...name, "--dry-run"], home)
      assert.include(stdout, "/contact/phone:+60123456789 ")
      assert.strictEqual(stderr, "note: phone number read as one of MY\n")
    }
    const identifier = await inside(["create", "12345", ...name, "--dry-run"], home)
    assert.include(identifier.stdout, "/contact/12345 ", "a contact ID")
  })

  it("R3 reads a number with + as people write it, or says to leave the zero out", async () => {
    const name = ["--first-name", "A", "--as-curl"]
    for (const args of [
      ["phone:+44 (0)20 7946 0958"],
      ["+44 (0)20 7946 0958"],
      ["id:1", "--phone", "+44 (0)20 7946 0958"],
    ]) {
      const { code, stdout } = await inside(["create", ...args, ...name])
      assert.strictEqual(code, 0)
      assert.include(stdout, "+442079460958")
    }
    for (const number of ["+44 020 7946 0958", "+4402079460958", "+44 (0)161 496"]) {
      for (const args of [[`phone:${number}`], [number], ["id:1", "--phone", number]]) {
        const { code, stderr } = await inside(["create", ...args, ...name])
        assert.strictEqual(code, 3, number)
        assert.match(stderr, /leave out the (?:0|\(0\)) after the country code/)
        assert.notInclude(stderr, number)
        assert.notInclude(stderr, "--default-country")
      }
    }
    const args = ["phone:+39 06 12345678", "--first-name", "A", "--dry-run"]
    const rome = await inside(["create", ...args])
    assert.include(rome.stdout, "/contact/phone:+390612345678 ")
  })

  it("says that a number has no country code, and rejects an invalid number or country", async () => {
    const name = ["--first-name", "A", "--dry-run"]
    for (const args of [["0123456789"], ["phone:0123456789"], ["id:1", "--phone", "0123456789"]]) {
      const { code, stderr } = await inside(["create", ...args, ...name])
      assert.strictEqual(code, 3)
      assert.include(stderr, "--default-country")
      assert.notInclude(stderr, "0123456789")
    }
    for (const [country, code] of [
      ["MY", 3],
      ["XX", 2],
      ["Malaysia", 2],
    ] as const) {
      const args = ["create", "phone:0999999999999", ...name, "--default-country", country]
      assert.strictEqual((await inside(args)).code, code, country)
    }
  })
})
