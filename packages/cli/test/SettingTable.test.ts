import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { isLoopback } from "../src/Settings.ts"
import { keys, parseTime, settings } from "../src/SettingTable.ts"

const read = (text: string) => Result.getOrUndefined(parseTime(text))

describe("parseTime", () => {
  it("reads times with their unit, and 0", () => {
    assert.deepStrictEqual(
      ["500ms", "2s", "1.5s", "5m", "1h", "0"].map(read),
      [500, 2_000, 1_500, 300_000, 3_600_000, 0],
    )
    for (const wrong of ["", "5", "-1s", "2 s", "1e3s", "2S", "s"]) {
      assert.isUndefined(read(wrong), wrong)
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
  it("take https anywhere and http on loopback hosts alone (table of URLs)", () => {
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
    for (const url of ok) assert.isTrue(Result.isSuccess(settings.baseUrl.parse(url)), url)
    for (const url of refused) assert.isTrue(Result.isFailure(settings.baseUrl.parse(url)), url)
    assert.isAtLeast(ok.length + refused.length, 40)
  })
})

describe("isLoopback", () => {
  it("tells this machine from all others, whatever the scheme", () => {
    assert.isTrue(isLoopback("https://localhost:1/v1"))
    assert.isTrue(isLoopback("http://127.0.0.1/v1"))
    assert.isFalse(isLoopback("https://api.aelyst.ai/v1"))
  })
})
