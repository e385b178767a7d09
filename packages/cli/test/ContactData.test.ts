import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import * as ContactData from "../src/ContactData.ts"
import { body } from "./body.ts"
import { inside } from "./inside.ts"
import { Home } from "./process.ts"

describe("read", () => {
  it("reads JSON from the flag, standard input and a file; flags override it", async () => {
    const data = {
      firstName: "Chi",
      language: "ms",
      custom_fields: [
        { name: "Tier", value: "Gold" },
        { name: "Age", value: 4 },
      ],
    }
    const flags = ["--last-name", "Lee", "--field", "Age:number=5", "--data"]
    const wanted = {
      firstName: "Chi",
      lastName: "Lee",
      language: "ms",
      custom_fields: [
        { name: "Tier", value: "Gold" },
        { name: "Age", value: 5 },
      ],
    }
    using home = new Home()
    writeFileSync(`${home.path}/contact.json`, JSON.stringify(data))
    const stdin = JSON.stringify(data)
    assert.deepStrictEqual(await body(["id:1", ...flags, stdin]), wanted)
    assert.deepStrictEqual(await body(["id:1", ...flags, "-"], { stdin }), wanted)
    assert.deepStrictEqual(
      await body(["id:1", ...flags, "@contact.json"], { cwd: home.path }),
      wanted,
    )
  })

  it("rejects data that is not JSON or an object, and keys that would change objects", async () => {
    for (const [data, code] of [
      ["{", 2],
      ["[]", 2],
      ["@/does/not/exist", 2],
      ['{"firstName":"A","__proto__":{"x":1}}', 3],
      ['{"firstName":"A","nickname":"B"}', 3],
    ] as const) {
      const ended = await inside(["create", "id:1", "--dry-run", "--data", data])
      assert.strictEqual(ended.code, code, data)
      assert.strictEqual(ended.stdout, "")
    }
  })

  it("R8 is read from a file in UTF-16, with either byte order", async () => {
    using home = new Home()
    const text = '\uFEFF{"firstName":"Zoë"}'
    const little = Buffer.from(text, "utf16le")
    for (const bytes of [little, Buffer.from(little).swap16(), Buffer.from(text)]) {
      writeFileSync(join(home.path, "contact.json"), bytes)
      const args = ["create", "id:1", "--dry-run", "--data", "@contact.json"]
      const { code, stdout } = await inside(args, { cwd: home.path })
      assert.strictEqual(code, 0)
      assert.include(stdout, '{"firstName":"Zoë"}')
    }
  })

  it("says what it expects, without quoting the data", async () => {
    const invalid = await inside(["create", "id:1", "--dry-run", "--data", "{canary12"])
    assert.strictEqual(
      invalid.stderr,
      "error: invalid JSON in --data (9 characters)  [USAGE]\n" +
        "  expected JSON, @<path> for a file, or - for standard input\n" +
        `  fix:   in a shell, put it in single quotes: --data '{"firstName":"Ana"}'\n`,
    )
    const list = await inside(["create", "id:1", "--dry-run", "--data", '["canary12"]'])
    assert.include(list.stderr, "error: --data must be a JSON object, not an array  [USAGE]\n")
  })

  it("does not share standard input with the token", async () => {
    const { code, stderr } = await inside(["create", "id:1", "--data", "-", "--token-stdin"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "--data - and --token-stdin cannot both read standard input")
  })
})

describe("withFields", () => {
  const age = { name: "Age", value: 5 }

  it("returns the data as it is without fields", () => {
    const data = { customFields: { Age: 4 } }
    assert.strictEqual(ContactData.withFields(data, []), data)
  })

  it("adds to an object and replaces the field with the same name", () => {
    const data = { firstName: "A", customFields: { Age: 4, Tier: "Gold" } }
    assert.deepStrictEqual(ContactData.withFields(data, [age]), {
      firstName: "A",
      customFields: [{ name: "Tier", value: "Gold" }, age],
    })
  })

  it("adds to an array of either name, and keeps entries that are not fields for core to reject", () => {
    const data = { custom_fields: [{ name: "Age", value: 4 }, "odd"] }
    assert.deepStrictEqual(ContactData.withFields(data, [age]), { customFields: ["odd", age] })
  })

  it("leaves custom fields of another type for core to reject", () => {
    const data = { customFields: "odd" }
    assert.deepStrictEqual(ContactData.withFields(data, [age]), data)
  })
})
