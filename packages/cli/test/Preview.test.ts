import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import * as Preview from "../src/Preview.ts"
import { inside } from "./inside.ts"
import { aelyst } from "./process.ts"

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

describe("preview, by --as-curl --json,", () => {
  it("U36 prints the command as JSON", async () => {
    const args = ["create", "id:curl-json", "--first-name", "Ana", "--as-curl"]
    const plain = await inside(args)
    const { stdout } = await inside([...args, "--json"])
    const { schemaVersion: _, ...rest } = JSON.parse(stdout)
    assert.deepStrictEqual(rest, { ok: true, dryRun: true, curl: plain.stdout.trimEnd() })
  })
})

describe("preview, by --dry-run,", () => {
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

  it("prints one line of JSON with --json, and fails for an invalid contact", async () => {
    const json = await aelyst(["create", "id:1", "--first-name", "A", "--dry-run", "--json"])
    assert.nestedPropertyVal(JSON.parse(json.stdout), "request.body", '{"firstName":"A"}')
    const refused = await aelyst(["create", "id:1", "--dry-run"])
    assert.strictEqual(refused.code, 3)
    assert.match(refused.stderr, /^error: firstName .* {2}\[FIRST_NAME_MISSING\]$/m)
    assert.include(refused.stderr, "--first-name")
  })
})

const request: Preview.Preview = {
  method: "POST",
  url: "https://[::1]/v1/contact/id:1",
  headers: { authorization: "Bearer $AELYST_TOKEN", accept: "application/json" },
  body: '{"firstName":"O\'Hara"}',
}

describe("asMessage", () => {
  it("writes the request as HTTP shows it", () => {
    assert.strictEqual(
      Preview.asMessage(request),
      [
        "POST https://[::1]/v1/contact/id:1 HTTP/1.1",
        "Authorization: Bearer $AELYST_TOKEN",
        "Accept: application/json",
        "",
        '{"firstName":"O\'Hara"}',
      ].join("\n"),
    )
  })
})

describe("asCurl", () => {
  it("quotes for a shell, keeps the token out of the arguments, and takes brackets literally", () => {
    assert.strictEqual(
      Preview.asCurl(request),
      [
        String.raw`printf 'Authorization: Bearer %s\n' "$AELYST_TOKEN" | curl --request POST --header @-`,
        "--globoff",
        "--header 'Accept: application/json'",
        String.raw`--data-raw '{"firstName":"O'\''Hara"}'`,
        "'https://[::1]/v1/contact/id:1'",
      ].join(" \\\n  "),
    )
  })
})
