import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "@aelyst/sandbox"

import { Aelyst, isAelystError } from "../src/index.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

describe("Aelyst", () => {
  it("requests the token from a function before each attempt, and again after a 401", async () => {
    await using at = await setUp()
    const given = [at.sandbox.tokens.unauthorized, at.sandbox.tokens.ok]
    let requested = 0
    const aelyst = new Aelyst({
      baseUrl: at.sandbox.baseUrl,
      token: async () => given[requested++] ?? at.sandbox.tokens.ok,
    })
    const { attempts } = await aelyst.contacts.create("id:5", ana)
    assert.strictEqual(requested, 2)
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [401, 200],
    )
    await aelyst.close()
  })

  it("sends nothing if the token function fails or returns an invalid token", async () => {
    await using at = await setUp()
    const failure = new Error("vault closed")
    const failing = () => {
      throw failure
    }
    for (const [token, isCause] of [
      [failing, (cause: unknown) => cause === failure],
      [async () => failing(), (cause: unknown) => cause === failure],
      [() => "two words", (cause: unknown) => Reflect.get(Object(cause), "option") === "token"],
    ] as const) {
      const aelyst = new Aelyst({ baseUrl: at.sandbox.baseUrl, token })
      const rows = aelyst.contacts.createMany([{ identifier: "id:6", contact: ana }])
      const errors: Array<unknown> = [await rejection(aelyst.contacts.create("id:5", ana))]
      for await (const row of rows) if ("error" in row) errors.push(row.error)
      assert.strictEqual(errors.length, 2)
      for (const error of errors) {
        assert(isAelystError(error) && error.name === "UnavailableError")
        assert.strictEqual(error.reason, "token")
        assert.isTrue(isCause(error.cause))
      }
      await aelyst.close()
    }
    assert.strictEqual(at.posts(), 0)
  })

  it("R24: reaches the same contact through a gateway that decodes + in paths, with `encodePlus`", async () => {
    await using sandbox = await Sandbox.start({ decodePlus: true })
    const options = { baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok }
    const plain = new Aelyst(options)
    const error = await rejection(plain.contacts.create("phone:+60123456789", ana))
    assert.isTrue(isAelystError(error) && error.name === "BadRequestError")
    const encoding = new Aelyst({ ...options, encodePlus: true })
    await encoding.contacts.create("phone:+60123456789", ana)
    await encoding.contacts.create("email:ana+news@example.com", ana)
    assert.deepStrictEqual(
      sandbox.contacts().map(({ identifier }) => identifier),
      ["phone:+60123456789", "email:ana+news@example.com"],
    )
    await Promise.all([plain.close(), encoding.close()])
  })

  it("returns the limit of the newest response", async () => {
    await using at = await setUp()
    assert.strictEqual(at.aelyst.rateLimit.observedAt, undefined)
    const before = Date.now()
    await at.aelyst.contacts.create("id:5", ana)
    const { limit, observedAt, retryAt, waiting, inFlight } = at.aelyst.rateLimit
    assert.deepStrictEqual([limit, retryAt, waiting, inFlight], [1_000, undefined, 0, 0])
    assert.isAtLeast(observedAt ?? 0, before - 1)
  })

  it("returns when the gate opens after a 429", async () => {
    await using at = await setUp({ retries: 0 })
    at.sandbox.fail({ status: 429, retryAfter: 2, times: 1 })
    const before = Date.now()
    await rejection(at.aelyst.contacts.create("id:5", ana))
    const { retryAt = 0 } = at.aelyst.rateLimit
    // the wait, with at most 10 % of jitter, from a moment between the two
    assert.isAtLeast(retryAt, before + 2_000)
    assert.isAtMost(retryAt, Date.now() + 2_201)
  })

  it("closes the client at the end of an `await using` block", async () => {
    await using at = await setUp()
    let kept: Aelyst | undefined
    {
      await using aelyst = new Aelyst({ baseUrl: at.sandbox.baseUrl, token: at.sandbox.tokens.ok })
      kept = aelyst
      await aelyst.contacts.create("id:5", ana)
    }
    const late = await rejection(kept.contacts.create("id:6", ana))
    assert.isTrue(isAelystError(late) && late.name === "UnavailableError")
  })
})
