import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Running, aelyst } from "../process.ts"

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.start({ existing: "merge" })
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
})

const env = () => ({ AELYST_TOKEN: "sandbox_ok", AELYST_BASE_URL: sandbox.baseUrl })

// values that are special to a shell, curl or a terminal
const awkward = [
  "--first-name",
  'O\'Hara "$HOME" `id` \\ %s\n@x ü 李',
  "--last-name=-dash",
  "--field",
  "Notes & more=a=b; $(touch x) \u009b31m \u202e",
  "--field",
  "Score:number=-1.5",
]

const seen = (identifier: string) => {
  const request = sandbox.requests().findLast((one) => one.identifier === identifier)
  assert.isDefined(request)
  return request
}

describe("asCurl", () => {
  it("prints a command that sends the same request when pasted, the token in no argument", async () => {
    const id = "id:it's a/b?c#d&e%"
    const { code, stdout, stderr } = await aelyst(["create", id, ...awkward, "--as-curl"], {
      env: { AELYST_BASE_URL: sandbox.baseUrl },
    })
    assert.strictEqual(code, 0, stderr)
    assert.notMatch(stdout, /[\u0080-\u009f\u202e]/)
    assert.strictEqual(stdout.match(/\$AELYST_TOKEN/g)?.length, 1)
    assert.match(stdout, /^printf 'Authorization: Bearer %s\\n' "\$AELYST_TOKEN" \| curl /)

    const pasted = await new Running("sh", ["-c", stdout], { env: env() }).ended
    assert.include(pasted.stdout, "Contact added successfully!", pasted.stderr)
    const byCurl = seen(id)
    const created = await aelyst(["create", id, ...awkward], { env: env() })
    assert.strictEqual(created.code, 0, created.stderr)
    const byUs = seen(id)
    assert.notStrictEqual(byCurl.seq, byUs.seq)
    assert.strictEqual(byCurl.method, byUs.method)
    assert.strictEqual(byCurl.path, byUs.path)
    assert.deepStrictEqual(JSON.parse(byCurl.body), JSON.parse(byUs.body))
    for (const name of ["accept", "content-type"]) {
      assert.strictEqual(byCurl.headers[name], byUs.headers[name])
    }
  })
})
