/** Tests the sandbox with other clients, which send the example of the vendor's page. */
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"

// the body of the page's curl example, with its spaces and line breaks
const example = `{ "firstName": "Muhammad ", "lastName": "Mahin", "phone": "+60123456789", "email": "test@example.com", "language": "ms",
  "profilePic": "https://cdn.aelyst.ai/profile_avatar.png", "countryCode": "MY",
  "custom_fields": [ { "name": "Company Website", "value": "https://example.com" } ] }`

/** A response; headers by lower-case name. */
export interface Reply {
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** Sends one request. */
export type Ask = (url: string, token: string, body: string) => Promise<Reply>

/** Registers the tests of one client. */
export const testForeign = (name: string, ask: Ask): void => {
  describe(`a create by ${name}`, () => {
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
      "gets the documented response for %s with the token %s",
      async (identifier, token, body, status, text) => {
        await using sandbox = await Sandbox.start()
        const reply = await ask(`${sandbox.baseUrl}/contact/${identifier}`, token, body)
        assert.strictEqual(reply.status, status)
        if (text !== undefined) assert.strictEqual(reply.text, text)
        assert.strictEqual(reply.headers["content-type"], "application/json")
        assert.strictEqual(sandbox.contacts().length, status === 200 ? 1 : 0)
      },
    )

    it("gets Retry-After once the limit is reached", async () => {
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
}
