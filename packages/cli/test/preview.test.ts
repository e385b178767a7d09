import { writeFileSync } from "node:fs"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { inside } from "./inside.ts"
import { Home, aelyst } from "./process.ts"

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start({ existing: "merge" })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const env = () => ({ AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: sandbox.baseUrl })

const seen = (identifier: string) => {
  const request = sandbox.requests().findLast((one) => one.identifier === identifier)
  assert.isDefined(request)
  return request
}

describe("--dry-run", () => {
  it("prints exactly the request that a create sends, and sends nothing", async () => {
    const id = "email:dry+run@example.com"
    const args = ["create", id, "--first-name", "Ana ", "--field", "Vip:checkbox=true"]
    const before = sandbox.requests().length
    const dry = await aelyst([...args, "--dry-run"], {
      env: { AELYST_BASE_URL: sandbox.baseUrl, AELYST_TOKEN: "canary_token" },
    })
    assert.strictEqual(dry.code, 0, dry.stderr)
    assert.strictEqual(sandbox.requests().length, before)
    assert.notInclude(dry.stdout, "canary_token")
    const [head = "", body] = dry.stdout.trimEnd().split("\n\n")
    const [line, ...headers] = head.split("\n")

    assert.strictEqual((await aelyst(args, { env: env() })).code, 0)
    const sent = seen(id)
    assert.strictEqual(line, `POST ${new URL(sandbox.baseUrl).origin}${sent.path} HTTP/1.1`)
    assert.strictEqual(body, sent.body)
    assert.include(headers, "Authorization: Bearer $AELYST_TOKEN")
    for (const header of headers.filter((one) => !one.startsWith("Authorization"))) {
      const [name = "", value] = header.split(": ")
      assert.strictEqual(sent.headers[name.toLowerCase()], value)
    }
  })

  it("is one line of JSON with --json, and refuses what a create refuses", async () => {
    const json = await aelyst(["create", "id:1", "--first-name", "A", "--dry-run", "--json"])
    assert.nestedPropertyVal(JSON.parse(json.stdout), "request.body", '{"firstName":"A"}')
    const refused = await aelyst(["create", "id:1", "--dry-run"])
    assert.strictEqual(refused.code, 3)
    assert.match(refused.stderr, /^error: firstName is required .* {2}\[FIRST_NAME_MISSING\]$/m)
    assert.include(refused.stderr, "--first-name")
  })
})

/** Gives the body that a create would send. */
const body = async (args: ReadonlyArray<string>, more: { stdin?: string; cwd?: string } = {}) => {
  const { stdout, stderr } = await inside(["create", ...args, "--dry-run", "--json"], more)
  assert.notStrictEqual(stdout, "", stderr)
  const json: { request: { body: string } } = JSON.parse(stdout)
  return JSON.parse(json.request.body)
}

describe("the contact", () => {
  it("takes email and phone from the identifier, unless it is told otherwise", async () => {
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

  it("is read from --data, and flags take precedence", async () => {
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

  it("refuses data that is none, and keys that would change objects", async () => {
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

  it("is checked against the custom fields of the project", async () => {
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

  it("takes numbers as they are written at home, with a default country", async () => {
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
      assert.strictEqual(stderr, "note: number read with the country MY\n")
    }
    const identifier = await inside(["create", "12345", ...name, "--dry-run"], home)
    assert.include(identifier.stdout, "/contact/12345 ", "a contact ID")
  })

  it("says what a number lacks, and refuses one that is none", async () => {
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
