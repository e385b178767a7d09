import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"

import type { ConfigurationError } from "../src/call/ConfigurationError.ts"
import { checkBaseUrl, checkHeaders, checkToken, isLoopback } from "../src/call/RequestOptions.ts"

const https = "must begin with https:// (http:// only for loopback hosts)"
const user = "must not contain a user or a password"
const query = "must not contain a query or a fragment"
const url = "must be a URL, such as https://api.aelyst.ai/v1"

// security requirement 5: forty base URLs
const urls: ReadonlyArray<readonly [input: string, expected: string]> = [
  ["https://api.aelyst.ai/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai/v1/", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai/v1///", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai", "https://api.aelyst.ai"],
  ["HTTPS://API.AELYST.AI/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai:443/v1", "https://api.aelyst.ai/v1"],
  ["https://api.aelyst.ai:8443/v1", "https://api.aelyst.ai:8443/v1"],
  ["https://api.aelyst.ai/a/../v1", "https://api.aelyst.ai/v1"],
  ["https://192.0.2.7/v1", "https://192.0.2.7/v1"],
  ["https://[2001:db8::7]/v1", "https://[2001:db8::7]/v1"],
  ["http://localhost:8787/v1", "http://localhost:8787/v1"],
  ["http://LOCALHOST/v1", "http://localhost/v1"],
  ["http://localhost./v1", "http://localhost./v1"],
  ["http://127.0.0.1:8787", "http://127.0.0.1:8787"],
  ["http://127.0.0.1./v1", "http://127.0.0.1/v1"],
  ["http://127.255.0.9/v1", "http://127.255.0.9/v1"],
  ["http://127.1/v1", "http://127.0.0.1/v1"],
  ["http://2130706433/v1", "http://127.0.0.1/v1"],
  ["http://0x7f.0.0.1/v1", "http://127.0.0.1/v1"],
  ["http://0177.0.0.1/v1", "http://127.0.0.1/v1"],
  ["http://[::1]:8787/v1", "http://[::1]:8787/v1"],
  ["http://[0:0:0:0:0:0:0:1]/v1", "http://[::1]/v1"],
  ["http://api.aelyst.ai/v1", https],
  ["http://localhost.example.com/v1", https],
  ["http://127.0.0.1.example.com/v1", https],
  ["http://localhost..", https],
  ["http://0.0.0.0/v1", https],
  ["http://10.0.0.1/v1", https],
  ["http://169.254.169.254/v1", https],
  ["http://[::ffff:127.0.0.1]/v1", https],
  ["http://128.0.0.1/v1", https],
  ["ftp://api.aelyst.ai/v1", https],
  ["file:///etc/passwd", https],
  ["javascript:alert(1)", https],
  ["https://user@api.aelyst.ai/v1", user],
  ["https://user:secret@api.aelyst.ai/v1", user],
  ["https://api.aelyst.ai@evil.example/v1", user],
  ["https://api.aelyst.ai/v1?key=secret", query],
  ["https://api.aelyst.ai/v1?", query],
  ["https://api.aelyst.ai/v1#", query],
  ["https://api.aelyst.ai/v1#part", query],
  ["//api.aelyst.ai/v1", url],
  ["api.aelyst.ai/v1", url],
  ["", url],
  ["https://", url],
  ["https://api.aelyst.ai:99999/v1", url],
]

const failureOf = <A>(result: Result.Result<A, ConfigurationError>): ConfigurationError => {
  assert(Result.isFailure(result))
  return result.failure
}

describe("checkBaseUrl", () => {
  for (const [input, expected] of urls) {
    it(`answers ${JSON.stringify(input)} with ${expected}`, () => {
      const result = checkBaseUrl(input)
      assert.strictEqual(
        Result.isSuccess(result) ? result.success.baseUrl : result.failure.message,
        Result.isSuccess(result) ? expected : `\`baseUrl\` ${expected}`,
      )
      if (Result.isSuccess(result)) {
        assert.isTrue(result.success.baseUrl.startsWith(result.success.origin))
      } else assert.notMatch(result.failure.message, /secret/)
    })
  }

  it("takes http for any host with a token of the sandbox, and only then (D15, R21)", () => {
    const there = "http://sandbox:4242/v1"
    for (const token of ["sandbox_ok", Redacted.make("sandbox_ok")]) {
      assert.strictEqual(Result.getOrThrow(checkBaseUrl(there, token)).baseUrl, there)
    }
    for (const token of [
      "secret-sandbox_ok",
      Redacted.make("secret"),
      undefined,
      () => "sandbox_ok",
    ]) {
      assert.match(failureOf(checkBaseUrl(there, token)).message, /must begin with https:/)
    }
  })

  it("refuses a value that is not a string", () => {
    for (const value of [undefined, null, 5, {}, new URL("https://api.aelyst.ai")]) {
      // safe: what a caller without types may pass
      assert.strictEqual(failureOf(checkBaseUrl(value as string)).option, "baseUrl")
    }
  })
})

describe("checkToken (W1)", () => {
  const good = "abcdefgh-0123_~."
  it("accepts 8 to 4,096 visible ASCII characters, and removes one line break at the end", () => {
    for (const token of [good, "x".repeat(8), "x".repeat(4_096), `${good}\n`, `${good}\r\n`]) {
      const result = checkToken(token)
      assert(Result.isSuccess(result))
      assert.strictEqual(Redacted.value(result.success), token.replace(/\r?\n$/, ""))
    }
  })

  const bad: ReadonlyArray<readonly [string, string]> = [
    ["too short", "abcdefg"],
    ["too long", "x".repeat(4_097)],
    ["empty", ""],
    ["two lines", `${good}\n${good}`],
    ["two line breaks at the end", `${good}\n\n`],
    ["a line break inside", `${good}\r\nX-Evil: 1`],
    ["a space at the end", `${good} `],
    ["a space inside", `Bearer ${good}`],
    ["a tab", `\t${good}`],
    ["NUL", `${good}\0`],
    ["DEL", `${good}\x7f`],
    ["Cyrillic", "аbcdefgh-0123"],
    ["an emoji", `${good}😀`],
    ["Latin-1", `${good}é`],
  ]
  for (const [what, token] of bad) {
    it(`refuses a token that is or has ${what}, without quoting it`, () => {
      const error = failureOf(checkToken(token))
      assert.strictEqual(error.option, "token")
      if (token.length > 4) assert.notInclude(error.message, token.slice(0, 5).trim())
    })
  }

  it("refuses a value that is not a string", () => {
    for (const value of [undefined, null, 12_345_678, {}]) {
      // safe: what a caller without types may pass
      assert.strictEqual(failureOf(checkToken(value as string)).option, "token")
    }
  })

  it("shows nothing of a token that it accepted", () => {
    const result = checkToken(good)
    assert(Result.isSuccess(result))
    assert.notInclude(JSON.stringify(result.success) + String(result.success), good)
  })
})

describe("checkHeaders", () => {
  it("returns names in lower case", () => {
    const result = checkHeaders({ "X-Request-Id": "7", "x-b": "a\tb" })
    assert.deepStrictEqual(Result.getOrThrow(result), { "x-request-id": "7", "x-b": "a\tb" })
  })

  const bad: ReadonlyArray<readonly [headers: unknown, says: RegExp]> = [
    [5, /must be an object of strings by name \(got 5\)$/],
    [null, /must be an object of strings by name \(got null\)$/],
    [{ Authorization: "Bearer secret" }, /must not contain `authorization`/],
    [{ Host: "secret" }, /must not contain `host`/],
    [{ "Content-Length": "5" }, /must not contain `content-length`/],
    [{ "Proxy-Authorization": "secret" }, /must not contain `proxy-authorization`/],
    [{ "x y": "secret" }, /must not contain an invalid header name$/],
    [{ x: "a\r\nb: secret" }, /must not contain a value other than visible ASCII$/],
    [{ x: 5 }, /must not contain a value other than visible ASCII$/],
  ]
  for (const [headers, says] of bad) {
    it(`refuses ${JSON.stringify(headers)} without showing a value`, () => {
      const error = failureOf(checkHeaders(headers))
      assert.strictEqual(error.option, "headers")
      assert.match(error.message, says)
      assert.notMatch(error.message, /secret/)
    })
  }
})

describe("isLoopback", () => {
  it("knows the names of this machine and no others", () => {
    for (const host of ["localhost", "localhost.", "127.0.0.1", "127.255.0.9", "[::1]"]) {
      assert.isTrue(isLoopback(host), host)
    }
    for (const host of ["localhost.example.com", "128.0.0.1", "[::2]", "0.0.0.0", ""]) {
      assert.isFalse(isLoopback(host), host)
    }
  })
})
