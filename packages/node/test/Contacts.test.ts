import { getEventListeners } from "node:events"

import { assert, describe, it } from "@effect/vitest"

import {
  Aelyst,
  BadRequestError,
  InvalidContactError,
  RateLimitError,
  contactId,
  customFields,
  email,
  isAelystError,
  phone,
} from "../src/index.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { iterate } from "./idle.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

describe("contacts (T13)", () => {
  it("handles the error of a call whose outcome only is awaited", async () => {
    const unhandled: Array<unknown> = []
    const note = (error: unknown) => unhandled.push(error)
    process.on("unhandledRejection", note)
    await using at = await setUp()
    try {
      const pending = at.aelyst.contacts.create("email:400@sandbox.test", ana)
      assert.strictEqual(await pending.outcome(), "rejected")
      await iterate(3)
    } finally {
      process.off("unhandledRejection", note)
    }
    assert.isEmpty(unhandled)
  })

  it("has methods that work when they are taken off it", async () => {
    await using at = await setUp()
    const { create, createMany, tryCreate, validate } = at.aelyst.contacts
    assert.strictEqual((await create("id:1", ana)).result, "created")
    assert.isTrue((await tryCreate("id:2", ana)).ok)
    assert.isTrue(validate("id:3", ana).ok)
    for await (const { outcome } of createMany([{ identifier: "id:3", contact: ana }])) {
      assert.strictEqual(outcome, "created")
    }
  })
})

describe("contacts.create", () => {
  it("creates a contact and returns the result", async () => {
    await using at = await setUp()
    const before = Date.now()
    const created = await at.aelyst.contacts.create(email("ana@example.com"), {
      firstName: "Ana",
      lastName: null,
      customFields: { "Company Website": "https://example.com", Age: 42, Member: true },
    })
    assert.strictEqual(created.identifier, "email:ana@example.com")
    assert.strictEqual(created.result, "created")
    assert.strictEqual(created.message, "Contact added successfully!")
    assert.deepStrictEqual(created.rateLimit, { limit: 1_000, remaining: 999 })
    assert.isAtLeast(created.settledAt, before)
    assert.deepStrictEqual(
      created.attempts.map(({ number, phase, status }) => ({ number, phase, status })),
      [{ number: 1, phase: "answered", status: 200 }],
    )
    const [contact] = at.sandbox.contacts()
    assert.deepStrictEqual(contact?.custom_fields, [
      { name: "Company Website", value: "https://example.com" },
      { name: "Age", value: 42 },
      { name: "Member", value: "true" },
    ])
  })

  it("accepts the documented example as it is", async () => {
    await using at = await setUp()
    await at.aelyst.contacts.create(contactId("example"), {
      firstName: "Muhammad ",
      lastName: "Mahin",
      phone: "+60123456789",
      email: "test@example.com",
      language: "ms",
      profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
      countryCode: "MY",
      custom_fields: [{ name: "Company Website", value: "https://example.com" }],
    })
    assert.strictEqual(at.sandbox.contacts()[0]?.firstName, "Muhammad ")
  })

  it("returns status and headers of the response on request", async () => {
    await using at = await setUp()
    const { value, response, rateLimit } = await at.aelyst.contacts
      .create(phone("+60123456789"), ana)
      .withResponse()
    assert.strictEqual(value.result, "created")
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers["x-ratelimit-limit"], "1000")
    assert.deepStrictEqual(rateLimit, value.rateLimit)
  })

  it("accepts a contact that exists, if the call says so", async () => {
    await using at = await setUp()
    await at.aelyst.contacts.create("id:5", ana)
    const error = await rejection(at.aelyst.contacts.create("id:5", ana))
    assert.isTrue(error instanceof BadRequestError && error.exists)
    const pending = at.aelyst.contacts.create("id:5", ana, { existing: "accept" })
    const { attempts, identifier, message, result } = await pending
    assert.deepStrictEqual([String(identifier), result, message], ["id:5", "existed", ""])
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [400],
    )
    assert.strictEqual(await pending.outcome(), "existed")
    const tried = await at.aelyst.contacts.tryCreate("id:5", ana, { existing: "accept" })
    assert.strictEqual(tried.ok && tried.value.result, "existed")
    const strict = await at.aelyst.contacts.tryCreate("id:5", ana, { existing: "error" })
    assert.isFalse(strict.ok)
    assert.strictEqual(at.sandbox.contacts().length, 1)
  })

  it("sends the headers of the caller", async () => {
    await using at = await setUp()
    await at.aelyst.contacts.create("id:5", ana, { headers: { "X-Request-Id": "abc" } })
    assert.strictEqual(at.sandbox.requests()[0]?.headers["x-request-id"], "abc")
  })

  it("rejects an invalid contact of a call with a signal, and removes its listener", async () => {
    await using at = await setUp()
    const { signal } = new AbortController()
    const error = await rejection(at.aelyst.contacts.create("id:5", { firstName: "" }, { signal }))
    assert.instanceOf(error, InvalidContactError)
    assert.isEmpty(getEventListeners(signal, "abort"))
    await at.aelyst.contacts.create("id:5", ana, { signal })
    assert.isEmpty(getEventListeners(signal, "abort"))
  })

  it("waits for `settleMs` after the success", async () => {
    await using at = await setUp()
    const { settledAt, attempts } = await at.aelyst.contacts.create("id:5", ana, { settleMs: 50 })
    const [attempt] = attempts
    assert.isDefined(attempt)
    assert.isAtLeast(settledAt - (attempt.startedAt + attempt.durationMs), 49)
  })

  it("rejects with a typed error, and resolves `outcome()` with its outcome", async () => {
    await using at = await setUp()
    await at.aelyst.contacts.create("email:ana@example.com", ana)
    const promise = at.aelyst.contacts.create("email:ana@example.com", ana)
    const error = await rejection(promise)
    assert.instanceOf(error, BadRequestError)
    assert.isTrue(isAelystError(error))
    assert.isTrue(error.exists)
    assert.strictEqual(error.name, "BadRequestError")
    assert.deepStrictEqual(error.rateLimit, { limit: 1_000, remaining: 998 })
    assert.strictEqual(await promise.outcome(), "rejected")
  })

  it("rejects an invalid contact with all issues and without a request", async () => {
    await using at = await setUp()
    const error = await rejection(
      // @ts-expect-error an identifier without its prefix, an unknown field
      at.aelyst.contacts.create("ana@example.com", { firstName: " ", emial: "x" }),
    )
    assert.instanceOf(error, InvalidContactError)
    assert.deepStrictEqual(
      error.issues.map(({ code }) => code),
      ["PREFIX_MISSING", "FIRST_NAME_MISSING", "UNKNOWN_FIELD"],
    )
    assert.strictEqual(at.posts(), 0)
  })

  const failures: Record<string, readonly [preset: string, name: string]> = {
    "a 400": ["400", "BadRequestError"],
    "a 401": ["401", "AuthenticationError"],
    "a 403": ["403", "UnexpectedResponseError"],
    "a 404": ["404", "UnexpectedResponseError"],
    "a 409": ["409", "BadRequestError"],
    "a 503": ["503", "InternalServerError"],
    "an empty response": ["empty", "UnexpectedResponseError"],
    "another code": ["other-code", "UnexpectedResponseError"],
    "a 429": ["429", "RateLimitError"],
    "a 429 without headers": ["no-headers-429", "RateLimitError"],
    "a 500": ["500", "InternalServerError"],
    "a page of a gateway": ["html-502", "InternalServerError"],
    "a portal": ["portal", "UnexpectedResponseError"],
    "half a response": ["truncate-length", "UnexpectedResponseError"],
    "a reset": ["drop", "OutcomeUnknownError"],
    "a close": ["fin", "OutcomeUnknownError"],
    garbage: ["garbage", "OutcomeUnknownError"],
    "no response": ["stall", "OutcomeUnknownError"],
  }
  for (const [name, [preset, expected]] of Object.entries(failures)) {
    it(`makes exactly one request without retries for ${name}`, async () => {
      await using at = await setUp({ retries: 0, ...(preset === "stall" && { timeoutMs: 2_000 }) })
      const promise = at.aelyst.contacts.create(`email:${preset}@sandbox.test`, ana)
      const error = await rejection(promise)
      assert.isTrue(isAelystError(error))
      if (!isAelystError(error)) return
      assert.strictEqual(error.name, expected)
      assert.strictEqual(error.attempts.length, 1)
      assert.strictEqual(await promise.outcome(), error.outcome)
      assert.strictEqual(at.posts(), 1)
    })
  }

  it("makes exactly one attempt without retries if the server does not listen", async () => {
    await using at = await setUp({ retries: 0 }, { port: await Ports.own() })
    await at.sandbox.close()
    const error = await rejection(at.aelyst.contacts.create("id:5", ana))
    assert.isTrue(isAelystError(error) && error.name === "ConnectionError")
    if (!isAelystError(error)) return
    assert.strictEqual(error.attempts.length, 1)
    assert.strictEqual(error.rateLimit, undefined)
    assert.strictEqual(error.outcome, "not_sent")
  })

  it("waits after a 429 and creates the contact", async () => {
    await using at = await setUp()
    at.sandbox.fail({ status: 429, retryAfter: 0.1, times: 1 })
    const { attempts } = await at.aelyst.contacts.create("id:5", ana)
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [429, 200],
    )
    assert.isAtLeast(attempts[1]?.waitedMs ?? 0, 95)
  })

  it("rejects at once if the API asks for a longer wait than `maxWaitMs`", async () => {
    await using at = await setUp({ maxWaitMs: 0 })
    at.sandbox.fail({ status: 429, retryAfter: 7, times: 1 })
    const error = await rejection(at.aelyst.contacts.create("id:5", ana))
    assert.instanceOf(error, RateLimitError)
    assert.strictEqual(error.retryAfterMs, 7_000)
  })

  it("rejects with the wait that the API named, in any form and with any status", async () => {
    await using at = await setUp({ maxWaitMs: 0 })
    for (const [status, retryAfter, ms] of [
      [429, "1m30s", 90_000],
      [503, "30", 30_000],
    ] as const) {
      at.sandbox.fail({ status, retryAfter, times: 1 })
      const error = await rejection(at.aelyst.contacts.create(`id:${status}`, ana))
      assert.isTrue(isAelystError(error) && error.retryAfterMs === ms)
    }
  })

  it("resends an attempt in doubt under natural-key, and reports that the contact exists", async () => {
    await using at = await setUp({ doubtDelayMs: 1_000 })
    const preset = "email:drop-after-x1@sandbox.test" as const
    const { result } = await at.aelyst.contacts.create(preset, ana, { delivery: "natural-key" })
    assert.strictEqual(result, "exists_after_doubt")
    assert.strictEqual(at.posts(), 2)
    assert.strictEqual(at.sandbox.ledger()[0]?.created, 1)
  })
})

describe("contacts.tryCreate", () => {
  it("resolves with the result or the error", async () => {
    await using at = await setUp()
    const created = await at.aelyst.contacts.tryCreate("email:ana@example.com", ana)
    assert.isTrue(created.ok && created.value.result === "created")
    const again = await at.aelyst.contacts.tryCreate("email:ana@example.com", ana)
    assert.isFalse(again.ok)
    if (again.ok || again.aborted) return
    assert.strictEqual(again.error.name, "BadRequestError")
    assert.strictEqual(again.outcome, "rejected")
  })

  it("resolves an aborted call with the reason and the outcome", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const reason = { mine: true }
    const pending = at.aelyst.contacts.tryCreate("email:stall@sandbox.test", ana, {
      signal: abort.signal,
    })
    await at.until(() => at.posts() === 1)
    abort.abort(reason)
    const ended = await pending
    assert.deepStrictEqual(ended, { ok: false, aborted: true, error: reason, outcome: "unknown" })
  })
})

describe("contacts.validate", () => {
  it("returns the request that would be sent, or all issues, and sends nothing", async () => {
    await using at = await setUp()
    const good = at.aelyst.contacts.validate("email:Ana@EXAMPLE.com", {
      firstName: "Ana",
      countryCode: "my",
      customFields: { A: true },
    })
    assert.deepStrictEqual(good, {
      ok: true,
      // safe: the text of the identifier
      identifier: "email:Ana@EXAMPLE.com" as ReturnType<typeof email>,
      contact: {
        firstName: "Ana",
        email: "Ana@EXAMPLE.com",
        countryCode: "MY",
        custom_fields: [{ name: "A", value: "true" }],
      },
    })
    const bad = at.aelyst.contacts.validate(5, null)
    assert.isFalse(bad.ok)
    if (bad.ok) return
    assert.deepStrictEqual(
      bad.error.issues.map(({ code }) => code),
      ["IDENTIFIER_TYPE", "CONTACT_TYPE"],
    )
    assert.strictEqual(at.posts(), 0)
  })

  it("checks custom fields against the catalogue", async () => {
    const fields = customFields.define({
      Age: "number",
      Tier: { type: "list", options: ["Gold", "Silver"] },
    })
    await using at = await setUp()
    const aelyst = new Aelyst({
      baseUrl: at.sandbox.baseUrl,
      token: at.sandbox.tokens.ok,
      customFields: fields,
    })
    await aelyst.contacts.create("id:5", {
      firstName: "Ana",
      customFields: { Tier: "Gold", Age: 4 },
    })
    const wrong = aelyst.contacts.validate("id:6", {
      firstName: "Ana",
      customFields: { Teir: "x" },
    })
    assert.isFalse(wrong.ok)
    if (!wrong.ok) assert.strictEqual(wrong.error.issues[0]?.suggestion, "write Tier")
    await aelyst.close()
  })
})
