/** Clients that nobody here wrote, with the page's own example, get every documented answer. */
import { execFile } from "node:child_process"

import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { create as createAxios } from "axios"

// the body of the page's curl example, with its spaces and line breaks
const example = `{ "firstName": "Muhammad ", "lastName": "Mahin", "phone": "+60123456789", "email": "test@example.com", "language": "ms",
  "profilePic": "https://cdn.aelyst.ai/profile_avatar.png", "countryCode": "MY",
  "custom_fields": [ { "name": "Company Website", "value": "https://example.com" } ] }`

interface Answered {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

type Ask = (url: string, token: string, body: string) => Promise<Answered>

const curl: Ask = (url, token, body) =>
  new Promise((resolve, reject) => {
    const args = ["--silent", "--include", "--request", "POST", "--url", url]
    const headers = [`Authorization: Bearer ${token}`, "Content-Type: application/json"]
    execFile(
      "curl",
      [...args, ...headers.flatMap((header) => ["--header", header]), "--data", body],
      (error, stdout) => {
        if (error !== null) return reject(error)
        const [head = "", text = ""] = stdout.split("\r\n\r\n")
        const [first = "", ...lines] = head.split("\r\n")
        const pairs = lines.map((line): [string, string] => {
          const colon = line.indexOf(":")
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
        })
        resolve({ status: Number(first.split(" ")[1]), text, headers: Object.fromEntries(pairs) })
      },
    )
  })

const plainAxios = createAxios({ validateStatus: () => true, transformResponse: (text) => text })

const axios: Ask = async (url, token, body) => {
  const { data, headers, status } = await plainAxios.post<string>(url, body, {
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
  })
  const named = ["content-type", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining"]
  const pairs = named.map((name) => [name, headers[name]?.toString()] as const)
  return { status, text: data, headers: Object.fromEntries(pairs) }
}

describe.each([
  ["curl", curl],
  ["axios", axios],
] as const)("%s", (_, ask) => {
  it.each([
    [
      "example",
      "sandbox_ok",
      example,
      200,
      '{"code":"200","message":"Contact added successfully!"}',
    ],
    ["email:abdc@gmail.com", "sandbox_ok", example, 200, undefined],
    ["phone:+60121233112", "sandbox_ok", example, 200, undefined],
    ["example", "sandbox_ok", "{}", 400, '{"code":400,"message":"Validation error."}'],
    ["example", "<token>", example, 401, '{"code":401,"message":"UN_AUTHORIZED"}'],
    [
      "email:429@sandbox.test",
      "sandbox_ok",
      example,
      429,
      '{"code":429,"message":"Too Many Requests"}',
    ],
    [
      "email:500@sandbox.test",
      "sandbox_ok",
      example,
      500,
      '{"code":500,"message":"Unexpected error occurred"}',
    ],
  ])(
    "is answered for %s with the token %s as documented",
    async (identifier, token, body, status, text) => {
      await using sandbox = await Sandbox.start()
      const answered = await ask(`${sandbox.baseUrl}/contact/${identifier}`, token, body)
      assert.strictEqual(answered.status, status)
      if (text !== undefined) assert.strictEqual(answered.text, text)
      assert.strictEqual(answered.headers["content-type"], "application/json")
      assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
    },
  )

  it("is told when to come back once the limit is reached", async () => {
    await using sandbox = await Sandbox.start({ limit: 1, clock: "virtual" })
    const url = `${sandbox.baseUrl}/contact/example`
    assert.strictEqual((await ask(url, "sandbox_ok", example)).status, 200)
    const { headers, status } = await ask(url, "sandbox_ok", example)
    assert.strictEqual(status, 429)
    assert.deepInclude(headers, {
      "retry-after": "1",
      "x-ratelimit-limit": "1",
      "x-ratelimit-remaining": "0",
    })
  })
})
