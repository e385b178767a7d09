import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

import * as Proxy from "../src/transport/Proxy.ts"

const api = new URL("https://api.example.test/v1")
const through = (target: string, option: Proxy.ProxyOption, env: Proxy.Environment = {}) =>
  Result.map(Proxy.resolve(new URL(target), option, env), (proxy) => proxy?.href)

describe("Proxy.isExempt", () => {
  const table: ReadonlyArray<readonly [target: string, list: string, exempt: boolean]> = [
    ["https://api.example.test/", "", false],
    ["https://api.example.test/", "*", true],
    ["https://api.example.test/", "api.example.test", true],
    ["https://API.Example.Test/", "api.example.test", true],
    ["https://api.example.test/", "API.EXAMPLE.TEST", true],
    ["https://api.example.test./", "api.example.test", true],
    ["https://api.example.test/", "api.example.test.", true],
    ["https://api.example.test/", "example.test", true],
    ["https://api.example.test/", ".example.test", true],
    ["https://api.example.test/", "*.example.test", true],
    ["https://example.test/", ".example.test", true],
    ["https://notexample.test/", "example.test", false],
    ["https://api.example.test.evil.test/", "example.test", false],
    ["https://api.example.test/", "other.test, api.example.test", true],
    ["https://api.example.test/", "other.test api.example.test", true],
    ["https://api.example.test/", "api.example.test:443", true],
    ["https://api.example.test/", "api.example.test:8443", false],
    ["https://api.example.test:8443/", "api.example.test:8443", true],
    ["https://api.example.test:8443/", "api.example.test", true],
    ["https://10.1.2.3/", "10.1.2.3", true],
    ["https://10.1.2.3/", "10.0.0.0/8", true],
    ["https://11.1.2.3/", "10.0.0.0/8", false],
    ["https://10.1.2.3/", "10.0.0.0/99", false],
    ["https://110.1.2.3/", "10.1.2.3", false],
    ["https://10.1.2.3/", "1.2.3", false],
    ["https://167838211/", "10.1.2.3", true],
    ["https://[fd00::1]/", "[fd00::1]", true],
    ["https://[fd00::1]/", "fd00:0:0::1", true],
    ["https://[fd00::1]:8443/", "[fd00::1]:8443", true],
    ["https://[fd00::1]/", "[fd00::1]:8443", false],
    ["https://[fd00::1]/", "fd00::/8", true],
    ["https://bücher.test/", "BÜCHER.test", true],
    ["https://bücher.test/", "xn--bcher-kva.test", true],
    ["https://api.example.test/", "%%%,,  ,:,http://,[", false],
  ]
  for (const [target, list, exempt] of table) {
    it(`${exempt ? "exempts" : "does not exempt"} ${target} by "${list}"`, () => {
      assert.strictEqual(Proxy.isExempt(new URL(target), list), exempt)
    })
  }
})

describe("Proxy.resolve", () => {
  it("returns no proxy by default, or if the environment has none", () => {
    const env = { HTTPS_PROXY: "http://proxy.test:3128" }
    assert.deepStrictEqual(through(api.href, false, env), Result.succeed(undefined))
    assert.deepStrictEqual(through(api.href, "env", {}), Result.succeed(undefined))
    assert.deepStrictEqual(through(api.href, "env", { HTTPS_PROXY: "" }), Result.succeed(undefined))
  })

  it("reads the environment, the lower case first", () => {
    const upper = { HTTPS_PROXY: "http://upper.test:3128", NO_PROXY: "other.test" }
    const both = { ...upper, https_proxy: "lower.test:3128", no_proxy: "" }
    assert.deepStrictEqual(
      through(api.href, "env", upper),
      Result.succeed("http://upper.test:3128/"),
    )
    assert.deepStrictEqual(
      through(api.href, "env", both),
      Result.succeed("http://lower.test:3128/"),
    )
    assert.deepStrictEqual(
      through(api.href, "env", { ...upper, NO_PROXY: "example.test" }),
      Result.succeed(undefined),
    )
  })

  it("returns the given proxy whatever NO_PROXY says", () => {
    assert.deepStrictEqual(
      through(api.href, new URL("https://proxy.test"), { NO_PROXY: "*" }),
      Result.succeed("https://proxy.test/"),
    )
  })

  const own = ["localhost", "LOCALHOST.", "x.localhost", "127.0.0.1", "127.9.9.9", "2130706433"]
  for (const host of [...own, "0x7f000001", "[::1]", "[0:0::1]", "[::ffff:127.0.0.1]"]) {
    it(`returns no proxy for this machine, written ${host}`, () => {
      assert.deepStrictEqual(
        through(`https://${host}:8443/`, "http://proxy.test"),
        Result.succeed(undefined),
      )
    })
  }

  it("returns no proxy for an http target, whose token it would read", () => {
    assert.deepStrictEqual(
      through("http://api.example.test/", "http://proxy.test"),
      Result.succeed(undefined),
    )
  })

  it("fails without showing the proxy if it is not an http or https URL", () => {
    for (const wrong of [
      "socks5://user:secret@proxy.test",
      "http://user:secret@",
      "ftp://secret",
    ]) {
      const given = through(api.href, wrong)
      const env = through(api.href, "env", { HTTPS_PROXY: wrong })
      assert.isTrue(Result.isFailure(given) && Result.isFailure(env))
      if (!Result.isFailure(given) || !Result.isFailure(env)) return
      assert.strictEqual(given.failure.code, "ERR_AELYST_CONFIG")
      assert.strictEqual(given.failure.option, "proxy")
      assert.strictEqual(env.failure.option, "HTTPS_PROXY")
      assert.notInclude(String(given.failure) + String(env.failure), "secret")
    }
  })

  it("fails for a word that is no URL, which is rather a mistyped mode (T9)", () => {
    for (const wrong of ["nonsense", "ENV", "true", "proxy.test:8080"]) {
      const given = through(api.href, wrong)
      assert(Result.isFailure(given))
      assert.strictEqual(given.failure.option, "proxy")
    }
    assert.isTrue(Result.isSuccess(through(api.href, "env", { HTTPS_PROXY: "proxy.test:8080" })))
  })

  it("R2 does not look at the variable for a target that it is not for", () => {
    const env = { https_proxy: "socks5h://user:secret@proxy.test", NO_PROXY: "exempt.test" }
    for (const target of ["http://127.0.0.1:4242/", "https://localhost/", "https://exempt.test/"]) {
      assert.deepStrictEqual(through(target, "env", env), Result.succeed(undefined), target)
    }
  })

  it("R2 says in words what is wrong with it: SOCKS, quotation marks; spaces around it are cut", () => {
    const cases = [
      ["socks5h://secret@proxy.test", "SOCKS proxies are not supported"],
      ["SOCKS4://secret", "SOCKS proxies are not supported"],
      ['"http://user:secret@proxy.test:3128"', "without quotation marks around it"],
      ["'http://secret.test:3128'", "without quotation marks around it"],
    ] as const
    for (const [https_proxy, words] of cases) {
      const failed = through(api.href, "env", { https_proxy })
      if (!Result.isFailure(failed)) return assert.fail(https_proxy)
      assert.include(failed.failure.message, words)
      assert.strictEqual(failed.failure.option, "https_proxy")
      assert.notInclude(String(failed.failure), "secret")
    }
    assert.deepStrictEqual(
      through(api.href, "env", { HTTPS_PROXY: " http://proxy.test:3128 \n" }),
      Result.succeed("http://proxy.test:3128/"),
    )
    return assert.deepStrictEqual(
      through(api.href, "env", { HTTPS_PROXY: " " }),
      Result.succeed(undefined),
    )
  })
})

describe("authorizationOf", () => {
  it("R1 decodes escapes, and takes a % that begins none as written", () => {
    const cases = [
      ["p%40ss%25", "p@ss%"],
      ["100%", "100%"],
      ["%zz%41", "%zzA"],
      ["%ff%41", "%ff%41"],
      ["p%C3%A9", "pé"],
    ] as const
    for (const [written, read] of cases) {
      const value = Proxy.authorizationOf(new URL(`http://user:${written}@proxy.test`)) ?? ""
      const basic = Buffer.from(value.replace(/^Basic /, ""), "base64").toString("utf8")
      assert.strictEqual(basic, `user:${read}`)
    }
    assert.isUndefined(Proxy.authorizationOf(new URL("http://proxy.test")))
  })
})
