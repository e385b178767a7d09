import { optionTable, optionTexts } from "@aelyst/core/adapter"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { isLoopback } from "../src/Settings.ts"
import {
  formatTime,
  invalid,
  keys,
  parseBaseUrl,
  parseDuration,
  parseTime,
  settings,
} from "../src/SettingTable.ts"

const read = (text: string) => Result.getOrUndefined(parseTime(text))

describe("parseTime", () => {
  it("U26 reads times with their unit, and 0", () => {
    assert.deepStrictEqual(
      ["500ms", "2s", "1.5s", "5m", "1h", "0"].map(read),
      [500, 2_000, 1_500, 300_000, 3_600_000, 0],
    )
    for (const wrong of ["", "5", "-1s", "2 s", "1e3s", "2S", "s"]) {
      assert.isUndefined(read(wrong), wrong)
    }
  })

  it.prop(
    "reads every duration that formatTime writes",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))],
    ([ms]) => {
      assert.strictEqual(read(formatTime(ms)), ms)
    },
  )

  it.prop("takes no text but digits and a unit", [Schema.String], ([text]) => {
    const isDuration = text === "0" || /^\d{1,10}(\.\d{1,3})?(ms|s|m|h)$/.test(text)
    assert.strictEqual(Result.isSuccess(parseTime(text)), isDuration)
  })
})

describe("parseDuration", () => {
  it("keeps to the range of the option", () => {
    const parse = parseDuration("timeout")
    assert.strictEqual(Result.getOrThrow(parse("1ms")), optionTable.timeout.least)
    assert.strictEqual(Result.getOrThrow(parse("2147483647ms")), optionTable.timeout.most)
    const failures = ["0", "2147483648ms", "600h", "soon"].map((text) => Result.flip(parse(text)))
    assert.deepStrictEqual(failures.map(Result.getOrUndefined), [
      "expected a duration of at least 1ms",
      "expected a duration of at most 2147483647ms",
      "expected a duration of at most 2147483647ms",
      "expected a duration such as 500ms, 2s or 5m",
    ])
  })
})

describe("settings.retries", () => {
  const { parse } = settings.retries

  it.prop("takes exactly the integers of the table", [Schema.Int], ([value]) => {
    const { least, most } = optionTable.retries
    assert.strictEqual(Result.isSuccess(parse(String(value))), value >= least && value <= most)
  })

  it("takes no number that is written in another way", () => {
    for (const text of ["", "+1", "1.0", "1e1", "0x1", " 1", "1 ", "١"]) {
      assert.isTrue(Result.isFailure(parse(text)), text)
    }
  })
})

describe("settings", () => {
  it("have defaults that they accept themselves", () => {
    for (const key of keys) {
      const { parse, otherwise } = settings[key]
      assert.strictEqual(parse(otherwise)._tag, "Success", key)
    }
  })
  it("have the defaults and the sentences of core's table", () => {
    for (const key of ["timeout", "maxWait"] as const) {
      assert.strictEqual(read(settings[key].otherwise), optionTable[key].default)
    }
    assert.strictEqual(settings.retries.otherwise, String(optionTable.retries.default))
    assert.strictEqual(settings.delivery.otherwise, optionTable.delivery.default)
    assert.strictEqual(settings.deadline.otherwiseText, "60s; with natural-key 120s")
    for (const key of ["timeout", "deadline", "retries", "delivery", "maxWait"] as const) {
      assert.strictEqual(settings[key].sentence, optionTexts[key].sentence)
    }
  })

  it("say their default in words if it is empty", () => {
    for (const key of keys) {
      const { otherwise, otherwiseText } = settings[key]
      assert.strictEqual(otherwiseText === undefined, otherwise !== "", key)
    }
  })

  it("R21: take https anywhere and http only on loopback hosts or for a sandbox token (table of URLs)", () => {
    const ok = [
      "https://api.aelyst.ai/v1",
      "https://api.aelyst.ai",
      "https://example.com:8443/a/b/",
      "https://[2001:db8::1]/v1",
      "https://10.0.0.1/v1",
      "http://localhost/v1",
      "http://localhost:4242/v1",
      "http://localhost.:4242/v1",
      "http://LOCALHOST:4242/v1",
      "http://127.0.0.1:4242/v1",
      "http://127.1.2.3/v1",
      "http://127.1/v1",
      "http://2130706433/v1",
      "http://0x7f000001/v1",
      "http://0177.0.0.1/v1",
      "http://[::1]:4242/v1",
    ]
    const refused = [
      "",
      "api.aelyst.ai/v1",
      "//api.aelyst.ai/v1",
      "ftp://api.aelyst.ai/v1",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "data:text/plain,x",
      "ws://localhost/v1",
      "https://user@api.aelyst.ai/v1",
      "https://user:secret@api.aelyst.ai/v1",
      "https://api.aelyst.ai/v1?x=1",
      "https://api.aelyst.ai/v1#x",
      "https://api.aelyst.ai/v1?",
      "https://api.aelyst.ai/v1#",
      "https://",
      "http://256.256.256.256/v1",
      "https:// api.aelyst.ai",
    ]
    const onlyForSandbox = [
      "http://api.aelyst.ai/v1",
      "http://10.0.0.1/v1",
      "http://192.168.0.1/v1",
      "http://128.0.0.1/v1",
      "http://0.0.0.0/v1",
      "http://[::]/v1",
      "http://[::2]/v1",
      "http://169.254.169.254/v1",
      "http://localhost.example.com/v1",
      "http://127.0.0.1.example.com/v1",
      "http://notlocalhost/v1",
    ]
    for (const url of ok) assert.isTrue(Result.isSuccess(settings.baseUrl.parse(url)), url)
    for (const url of refused) assert.isTrue(Result.isFailure(settings.baseUrl.parse(url)), url)
    for (const url of onlyForSandbox) {
      assert.isTrue(Result.isSuccess(settings.baseUrl.parse(url)), url)
      assert.isTrue(Result.isSuccess(parseBaseUrl(url, "sandbox_ok")), url)
      assert.isTrue(Result.isFailure(parseBaseUrl(url, "a-token-of-an-account")), url)
    }
    assert.isAtLeast(ok.length + refused.length + onlyForSandbox.length, 40)
  })
})

describe("isLoopback", () => {
  it("tells this machine from all others, whatever the scheme", () => {
    assert.isTrue(isLoopback("https://localhost:1/v1"))
    assert.isTrue(isLoopback("http://127.0.0.1/v1"))
    assert.isFalse(isLoopback("https://api.aelyst.ai/v1"))
    assert.isFalse(isLoopback("localhost"))
  })
})

describe("invalid", () => {
  it("shows the value, its place and the expected form", () => {
    assert.strictEqual(
      invalid("--timeout", "abc", "expected a duration"),
      'invalid value "abc" for --timeout: expected a duration',
    )
  })

  it("does not show a text that may be a secret", () => {
    assert.strictEqual(
      invalid("--timeout", "canary12", "expected a duration"),
      "invalid value (8 characters) for --timeout: expected a duration",
    )
    assert.strictEqual(
      invalid("--base-url", "canary12", "must be a URL", settings.baseUrl),
      "invalid value (8 characters) for --base-url: must be a URL",
    )
  })
})
