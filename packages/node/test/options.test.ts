import { assert, describe, it } from "@effect/vitest"
import { afterEach, beforeEach, vi } from "vitest"

import type { AelystOptions, CreateManyOptions, CreateOptions } from "../src/index.ts"
import { Aelyst, customFields } from "../src/index.ts"
import { count } from "../src/SharedStates.ts"

const token = "token-for-tests"

/** Returns code, option and text of the error that is thrown. */
const thrownBy = (make: () => unknown) => {
  try {
    make()
  } catch (error) {
    assert.instanceOf(error, TypeError)
    const code: unknown = Reflect.get(error, "code")
    const option: unknown = Reflect.get(error, "option")
    return { code, option, text: `${String(error)} ${JSON.stringify(error)}` }
  }
  return { code: undefined, option: undefined, text: "" }
}

beforeEach(() => {
  vi.stubEnv("AELYST_TOKEN", "")
  vi.stubEnv("AELYST_BASE_URL", "")
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe("the constructor", () => {
  const wrong: ReadonlyArray<readonly [option: string, options: Record<string, unknown>]> = [
    ["token", {}],
    ["token", { token: "" }],
    ["token", { token: "short" }],
    ["token", { token: "with space inside" }],
    ["token", { token: "zwei\r\nzeilen" }],
    ["token", { token: "абвгдежзи" }],
    ["token", { token: 5 }],
    ["baseUrl", { token, baseUrl: "api.aelyst.ai" }],
    ["baseUrl", { token, baseUrl: "http://api.aelyst.ai/v1" }],
    ["baseUrl", { token, baseUrl: "https://user:secret@api.aelyst.ai/v1" }],
    ["baseUrl", { token, baseUrl: "https://api.aelyst.ai/v1?x=1" }],
    ["baseUrl", { token, baseUrl: "ftp://api.aelyst.ai" }],
    ["timeoutMs", { token, timeoutMs: 0 }],
    ["timeoutMs", { token, timeoutMs: -1 }],
    ["timeoutMs", { token, timeoutMs: Number.NaN }],
    ["timeoutMs", { token, timeoutMs: 2 ** 31 }],
    ["timeoutMs", { token, timeoutMs: "15 seconds" }],
    ["deadlineMs", { token, deadlineMs: 0 }],
    ["maxWaitMs", { token, maxWaitMs: -1 }],
    ["doubtDelayMs", { token, doubtDelayMs: 999 }],
    ["settleMs", { token, settleMs: -1 }],
    ["retries", { token, retries: -1 }],
    ["retries", { token, retries: 1.5 }],
    ["retries", { token, retries: 101 }],
    ["retries", { token, retries: "3" }],
    ["delivery", { token, delivery: "exactly-once" }],
    ["maxQueue", { token, maxQueue: 0 }],
    ["rateLimit", { token, rateLimit: true }],
    ["rateLimit", { token, rateLimit: 5 }],
    ["rateLimit", { token, rateLimit: { perSecond: 0 } }],
    ["rateLimit", { token, rateLimit: { perSecond: "5" } }],
    ["proxy", { token, proxy: true }],
    ["proxy", { token, proxy: "socks5://proxy.test" }],
    ["proxy", { token, proxy: "env", transport: fetch }],
    ["transport", { token, transport: {} }],
    ["hooks", { token, hooks: 5 }],
    ["hooks.onWait", { token, hooks: { onWait: 5 } }],
    ["onwait", { token, hooks: { onwait: () => undefined } }],
    ["logger", { token, logger: "loud" }],
    ["customFields", { token, customFields: { Age: "number" } }],
    ["exists", { token, exists: /exists/ }],
    ["maxRetries", { token, maxRetries: 3 }],
  ]
  for (const [option, options] of wrong) {
    it(`refuses ${option} in ${JSON.stringify(Object.values(options).at(-1) ?? options)}`, () => {
      const before = count()
      const { code, option: named, text } = thrownBy(() => new Aelyst(options))
      assert.strictEqual(code, "ERR_AELYST_CONFIG")
      assert.strictEqual(named, option)
      assert.notMatch(text, /secret|zeilen|inside|абв/)
      assert.strictEqual(count(), before)
    })
  }

  const messages: ReadonlyArray<readonly [options: Record<string, unknown>, message: string]> = [
    [{ retries: -1 }, "`retries` must be an integer between 0 and 100 (got -1)"],
    [
      { timeoutMs: "5s" },
      '`timeoutMs` must be a number of milliseconds between 1 and 2147483647 (got "5s")',
    ],
    [{ timeout: 5 }, "`timeout` is not an option; did you mean `timeoutMs`?"],
    [{ transprot: 5 }, "`transprot` is not an option; did you mean `transport`?"],
    [{ hooks: { onwait: 5 } }, "`onwait` is not an option; did you mean `onWait`?"],
    [{ hooks: { onWait: 5 } }, "`hooks.onWait` must be a function (got 5)"],
    [{ logger: "loud" }, '`logger` must be "silent", "console" or a function (got "loud")'],
    [{ propagateTrace: true }, "`propagateTrace` is not an option; options: token, baseUrl"],
  ]
  for (const [options, message] of messages) {
    it(`says: ${message}`, () => {
      assert.include(thrownBy(() => new Aelyst({ token, ...options })).text, message)
    })
  }

  it("refuses options that are not an object", () => {
    const given: unknown = null
    // safe: what is wrong with it is the point
    const { option } = thrownBy(() => new Aelyst(given as AelystOptions))
    assert.strictEqual(option, "options")
  })

  it("names the variable if there is no token", () => {
    assert.include(thrownBy(() => new Aelyst()).text, "AELYST_TOKEN")
  })

  it("takes token and base URL from the environment", async () => {
    vi.stubEnv("AELYST_TOKEN", `${token}\n`)
    vi.stubEnv("AELYST_BASE_URL", "http://127.0.0.1:1/v1")
    const aelyst = new Aelyst()
    const tried = await aelyst.contacts.tryCreate("id:5", { firstName: "Ana" }, { retries: 0 })
    assert.isFalse(tried.ok || tried.aborted)
    if (!tried.ok && !tried.aborted) assert.strictEqual(tried.error.name, "ConnectionError")
    await aelyst.close()
  })

  it("takes every option at its bounds", async () => {
    const aelyst = new Aelyst({
      token: () => token,
      baseUrl: "https://api.aelyst.ai/v1/",
      timeoutMs: 1,
      deadlineMs: 2 ** 31 - 1,
      retries: 0,
      delivery: "natural-key",
      maxWaitMs: 0,
      doubtDelayMs: 1_000,
      settleMs: 0,
      maxQueue: 1_000_000,
      rateLimit: { perSecond: 0.5 },
      proxy: new URL("http://127.0.0.1:3128"),
      hooks: { onAttempt: undefined },
      logger: "console",
      customFields: customFields.define({ Age: "number" }),
      exists: ({ status }) => status === 422,
    })
    assert.strictEqual(aelyst.rateLimit.waiting, 0)
    await aelyst.close()
  })
})

describe("a call", () => {
  const wrong: ReadonlyArray<readonly [option: string, options: object]> = [
    ["timeoutMs", { timeoutMs: 0 }],
    ["deadlineMs", { deadlineMs: -5 }],
    ["maxWaitMs", { maxWaitMs: -5 }],
    ["settleMs", { settleMs: "2s" }],
    ["retries", { retries: 0.5 }],
    ["delivery", { delivery: "" }],
    ["signal", { signal: {} }],
    ["headers", { headers: 5 }],
    ["headers", { headers: { Authorization: "Bearer secret-token" } }],
    ["headers", { headers: { Host: "evil.test" } }],
    ["headers", { headers: { "Content-Length": "5" } }],
    ["headers", { headers: { "Transfer-Encoding": "chunked" } }],
    ["headers", { headers: { "Proxy-Authorization": "Basic secret" } }],
    ["headers", { headers: { "x y": "z" } }],
    ["headers", { headers: { x: "a\r\nb: secret" } }],
    ["retry", { retry: 3 }],
  ]
  for (const [option, options] of wrong) {
    it(`rejects for ${JSON.stringify(options)}`, async () => {
      const aelyst = new Aelyst({ token, baseUrl: "http://127.0.0.1:1/v1" })
      // safe: what is wrong with it is the point
      const given = options as CreateOptions
      const failing = aelyst.contacts.create("id:5", { firstName: "Ana" }, given)
      const error: unknown = await failing.then(
        () => undefined,
        (reason) => reason,
      )
      const {
        code,
        option: named,
        text,
      } = thrownBy(() => {
        throw error
      })
      assert.strictEqual(code, "ERR_AELYST_CONFIG")
      assert.strictEqual(named, option)
      assert.notInclude(text, "secret")
      assert.strictEqual(await failing.outcome(), "not_sent")
      await aelyst.close()
    })
  }
})

describe("a run", () => {
  const wrong: ReadonlyArray<readonly [option: string, options: object]> = [
    ["concurrency", { concurrency: 0 }],
    ["ordered", { ordered: "yes" }],
    ["maxErrors", { maxErrors: 0 }],
    ["stopOn", { stopOn: { errors: 5 } }],
    ["giveUpAfterMs", { giveUpAfterMs: 0 }],
    ["onProgress", { onProgress: true }],
    ["batch", { batch: 5 }],
  ]
  for (const [option, options] of wrong) {
    it(`throws for ${JSON.stringify(options)}`, async () => {
      const aelyst = new Aelyst({ token, baseUrl: "http://127.0.0.1:1/v1" })
      // safe: what is wrong with it is the point
      const given = options as CreateManyOptions
      const { code, option: named } = thrownBy(() => aelyst.contacts.createMany([], given))
      assert.strictEqual(code, "ERR_AELYST_CONFIG")
      assert.strictEqual(named, option)
      await aelyst.close()
    })
  }
})

describe("a catalogue", () => {
  it("is refused when it is defined with an unknown type", () => {
    // @ts-expect-error a type that does not exist
    const { code } = thrownBy(() => customFields.define({ Age: "integer" }))
    assert.strictEqual(code, "ERR_AELYST_CONFIG")
  })
})
