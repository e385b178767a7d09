import { getEventListeners } from "node:events"

import { assert, describe, it } from "@effect/vitest"

import type { AelystOptions, AttemptRecord, OutcomeEvent, WaitEvent } from "../src/index.ts"
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
import { setUp } from "./sandboxed.ts"

const ana = { firstName: "Ana" }

const failing = async () => {
  throw new Error("mine")
}

/** Gives what a promise rejects with. */
const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it did not reject")
}

/** Waits for what nobody tells of. */
const until = async (holds: () => boolean): Promise<void> => {
  if (holds()) return
  await new Promise((resolve) => setImmediate(resolve))
  await until(holds)
}

/** Aborts, and sees the reason come out before a timer of 10 ms fires; on a busy machine both are late alike. */
const within10 = async (abort: AbortController, pending: Promise<unknown>) => {
  const reason = new Error("enough")
  const late = new Promise((resolve) => {
    setTimeout(resolve, 10, "late")
  })
  abort.abort(reason)
  assert.strictEqual(await Promise.race([rejection(pending), late]), reason)
}

describe("create", () => {
  it("creates a contact and says so", async () => {
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

  it("takes the documented example as it is", async () => {
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

  it("gives status and headers of the answer on request", async () => {
    await using at = await setUp()
    const { value, response, rateLimit } = await at.aelyst.contacts
      .create(phone("+60123456789"), ana)
      .withResponse()
    assert.strictEqual(value.result, "created")
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers["x-ratelimit-limit"], "1000")
    assert.deepStrictEqual(rateLimit, value.rateLimit)
  })

  it("sends headers of the caller's", async () => {
    await using at = await setUp()
    await at.aelyst.contacts.create("id:5", ana, { headers: { "X-Request-Id": "abc" } })
    assert.strictEqual(at.sandbox.requests()[0]?.headers["x-request-id"], "abc")
  })

  it("rejects a bad contact that a signal watches, and lets go of the signal", async () => {
    await using at = await setUp()
    const { signal } = new AbortController()
    const error = await rejection(at.aelyst.contacts.create("id:5", { firstName: "" }, { signal }))
    assert.instanceOf(error, InvalidContactError)
    assert.isEmpty(getEventListeners(signal, "abort"))
    await at.aelyst.contacts.create("id:5", ana, { signal })
    assert.isEmpty(getEventListeners(signal, "abort"))
  })

  it("waits after the success where it is told to", async () => {
    await using at = await setUp()
    const { settledAt, attempts } = await at.aelyst.contacts.create("id:5", ana, { settleMs: 50 })
    const [attempt] = attempts
    assert.isDefined(attempt)
    assert.isAtLeast(settledAt - (attempt.startedAt + attempt.durationMs), 49)
  })

  it("rejects with a typed error and tells the outcome beside it", async () => {
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

  it("refuses a bad contact with all issues and without a request", async () => {
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
    "an empty answer": ["empty", "UnexpectedResponseError"],
    "another code": ["other-code", "UnexpectedResponseError"],
    "a 429": ["429", "RateLimitError"],
    "a 429 without a word": ["no-headers-429", "RateLimitError"],
    "a 500": ["500", "InternalServerError"],
    "a page of a gateway": ["html-502", "InternalServerError"],
    "a portal": ["portal", "UnexpectedResponseError"],
    "half an answer": ["truncate-length", "UnexpectedResponseError"],
    "a reset": ["drop", "OutcomeUnknownError"],
    "a close": ["fin", "OutcomeUnknownError"],
    garbage: ["garbage", "OutcomeUnknownError"],
    "no answer": ["stall", "OutcomeUnknownError"],
  }
  for (const [name, [preset, expected]] of Object.entries(failures)) {
    it(`makes exactly one request without retries where ${name} comes back`, async () => {
      await using at = await setUp({ retries: 0, timeoutMs: 300 })
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

  it("makes exactly one attempt without retries where nobody listens", async () => {
    await using at = await setUp({ retries: 0 })
    await at.sandbox.close()
    const error = await rejection(at.aelyst.contacts.create("id:5", ana))
    assert.isTrue(isAelystError(error) && error.name === "ConnectionError")
    if (!isAelystError(error)) return
    assert.strictEqual(error.attempts.length, 1)
    assert.strictEqual(error.rateLimit, undefined)
    assert.strictEqual(error.outcome, "not_sent")
  })

  it("waits for a 429 and creates the contact", async () => {
    await using at = await setUp()
    at.sandbox.fail({ status: 429, retryAfter: 0.1, times: 1 })
    const { attempts } = await at.aelyst.contacts.create("id:5", ana)
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [429, 200],
    )
    assert.isAtLeast(attempts[1]?.waitedMs ?? 0, 95)
  })

  it("rejects at once where the API asks for a longer wait than is allowed", async () => {
    await using at = await setUp({ maxWaitMs: 0 })
    at.sandbox.fail({ status: 429, retryAfter: 7, times: 1 })
    const error = await rejection(at.aelyst.contacts.create("id:5", ana))
    assert.instanceOf(error, RateLimitError)
    assert.strictEqual(error.retryAfterMs, 7_000)
  })

  it("resends what is in doubt under natural-key alone, and finds it exists", async () => {
    await using at = await setUp({ doubtDelayMs: 1_000 })
    const preset = "email:drop-after-x1@sandbox.test" as const
    const { result } = await at.aelyst.contacts.create(preset, ana, { delivery: "natural-key" })
    assert.strictEqual(result, "exists_after_doubt")
    assert.strictEqual(at.posts(), 2)
    assert.strictEqual(at.sandbox.ledger()[0]?.created, 1)
  })
})

describe("tryCreate", () => {
  it("resolves in every case", async () => {
    await using at = await setUp()
    const created = await at.aelyst.contacts.tryCreate("email:ana@example.com", ana)
    assert.isTrue(created.ok && created.value.result === "created")
    const again = await at.aelyst.contacts.tryCreate("email:ana@example.com", ana)
    assert.isFalse(again.ok)
    if (again.ok || again.aborted) return
    assert.strictEqual(again.error.name, "BadRequestError")
    assert.strictEqual(again.outcome, "rejected")
  })

  it("tells an abort apart, with its reason and what became of the contact", async () => {
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

describe("validate", () => {
  it("gives the request that would be sent, or all issues, and sends nothing", async () => {
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

  it("knows the custom fields of a catalogue", async () => {
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

describe("identifiers", () => {
  it("are made with their prefix, or refused without a word of the value", () => {
    assert.strictEqual(email("ana@example.com"), "email:ana@example.com")
    assert.strictEqual(phone("+60123456789"), "phone:+60123456789")
    assert.strictEqual(contactId("5"), "id:5")
    for (const make of [() => email("secret"), () => phone("0123secret"), () => contactId(".")]) {
      try {
        make()
        assert.fail("it did not throw")
      } catch (error) {
        if (make.toString().includes('"."')) continue
        assert.instanceOf(error, InvalidContactError)
        assert.notInclude(String(error), "secret")
      }
    }
  })
})

describe("an abort", () => {
  it("rejects with the reason, and sends nothing, where it came before the call", async () => {
    await using at = await setUp()
    const reason = new Error("never")
    const promise = at.aelyst.contacts.create("id:5", ana, { signal: AbortSignal.abort(reason) })
    assert.strictEqual(await rejection(promise), reason)
    assert.strictEqual(await promise.outcome(), "not_sent")
    assert.strictEqual(at.posts(), 0)
  })

  it("ends a call within 10 ms that waits for an answer", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    const pending = at.aelyst.contacts.create("email:stall@sandbox.test", ana, { signal })
    await at.until(() => at.posts() === 1)
    await within10(abort, pending)
    assert.strictEqual(await pending.outcome(), "unknown")
    await at.until(() => at.sandbox.requests()[0]?.phase === "gone")
  })

  it("ends a call within 10 ms that reads a body", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    const pending = at.aelyst.contacts.create("email:stall-body@sandbox.test", ana, { signal })
    await at.until(() => at.posts() === 1)
    await within10(abort, pending)
    assert.strictEqual(await pending.outcome(), "unknown")
  })

  it("ends a call within 10 ms that waits in line, and gives its place to the next", async () => {
    await using at = await setUp({}, { limit: 1 })
    const abort = new AbortController()
    const { signal } = abort
    await at.aelyst.contacts.create("id:1", ana)
    const pending = at.aelyst.contacts.create("id:2", ana, { signal })
    const next = at.aelyst.contacts.create("id:3", ana)
    await within10(abort, pending)
    assert.strictEqual(await pending.outcome(), "not_sent")
    await next
    assert.deepStrictEqual(
      at.sandbox.contacts().map(({ identifier }) => identifier),
      ["id:1", "id:3"],
    )
  })

  it("ends a call within 10 ms that waits for a 429", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    at.sandbox.fail({ status: 429, retryAfter: 30, times: 1 })
    const pending = at.aelyst.contacts.create("id:1", ana, { signal })
    await until(() => at.aelyst.rateLimit.retryAt !== undefined)
    await within10(abort, pending)
    assert.strictEqual(await pending.outcome(), "not_sent")
    assert.strictEqual(at.posts(), 1)
  })

  for (const [reason, identifier, outcome] of [
    ["backoff", "id:1", "not_sent"],
    ["doubt", "email:drop@sandbox.test", "unknown"],
  ] as const) {
    it(`ends a call within 10 ms that waits for its resend (${reason})`, async () => {
      const waits: Array<string> = []
      const abort = new AbortController()
      await using at = await setUp({ hooks: { onWait: (wait) => waits.push(wait.reason) } })
      if (reason === "backoff") await at.sandbox.close()
      const pending = at.aelyst.contacts.create(identifier, ana, {
        signal: abort.signal,
        delivery: "natural-key",
        retries: 100,
      })
      await until(() => waits.includes(reason))
      await within10(abort, pending)
      assert.strictEqual(await pending.outcome(), outcome)
    })
  }

  it("ends a call within 10 ms that settles, and knows that the contact was created", async () => {
    const settling: { now?: () => void } = {}
    const settles = new Promise<void>((resolve) => {
      settling.now = resolve
    })
    await using at = await setUp({
      hooks: { onWait: ({ reason }) => (reason === "settle" ? settling.now?.() : undefined) },
    })
    const abort = new AbortController()
    const { signal } = abort
    const pending = at.aelyst.contacts.create("id:1", ana, { signal, settleMs: 60_000 })
    await settles
    await within10(abort, pending)
    assert.strictEqual(await pending.outcome(), "created")
  })
})

describe("the token", () => {
  it("comes from a function, asked before each attempt and once more after a 401", async () => {
    await using at = await setUp()
    const given = [at.sandbox.tokens.unauthorized, at.sandbox.tokens.ok]
    let asked = 0
    const aelyst = new Aelyst({
      baseUrl: at.sandbox.baseUrl,
      token: async () => given[asked++] ?? at.sandbox.tokens.ok,
    })
    const { attempts } = await aelyst.contacts.create("id:5", ana)
    assert.strictEqual(asked, 2)
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [401, 200],
    )
    await aelyst.close()
  })

  it("that the function does not give ends the call before it was sent", async () => {
    await using at = await setUp()
    for (const token of [
      () => {
        throw new Error("vault closed")
      },
      () => "two words",
    ]) {
      const aelyst = new Aelyst({ baseUrl: at.sandbox.baseUrl, token })
      const error = await rejection(aelyst.contacts.create("id:5", ana))
      assert.isTrue(
        isAelystError(error) && error.name === "UnavailableError" && error.reason === "token",
      )
      await aelyst.close()
    }
    assert.strictEqual(at.posts(), 0)
  })
})

describe("hooks", () => {
  it("see attempts, waits and the end, and disturb nothing where they throw", async () => {
    const attempts: Array<AttemptRecord> = []
    const waits: Array<WaitEvent> = []
    const ends: Array<OutcomeEvent> = []
    const lines: Array<string> = []
    await using at = await setUp({
      logger: ({ level, message }) => lines.push(`${level} ${message}`),
      hooks: {
        onAttempt: (attempt) => attempts.push(attempt),
        onWait: (wait) => waits.push(wait),
        onOutcome: (end) => {
          ends.push(end)
          throw new Error("mine")
        },
      },
    })
    at.sandbox.fail({ status: 429, retryAfter: 0.05, times: 1 })
    await at.aelyst.contacts.create("id:5", ana, { settleMs: 10 })
    assert.deepStrictEqual(
      attempts.map(({ status }) => status),
      [429, 200],
    )
    assert.deepStrictEqual(
      waits.map(({ reason, resend }) => [reason, resend]),
      [
        ["queue", 0],
        ["queue", 1],
        ["settle", 0],
      ],
    )
    assert.deepStrictEqual(
      ends.map(({ outcome }) => outcome),
      ["created"],
    )
    assert.deepStrictEqual(lines, ["warn a callback threw"])
  })

  it("end a call from within, before anything is sent", async () => {
    const abort = new AbortController()
    const reason = new Error("enough")
    await using at = await setUp({ hooks: { onWait: () => abort.abort(reason) } })
    const pending = at.aelyst.contacts.create("id:5", ana, { signal: abort.signal })
    assert.strictEqual(await rejection(pending), reason)
    assert.strictEqual(await pending.outcome(), "not_sent")
    assert.strictEqual(at.posts(), 0)
  })

  it("close the client from within, which waits for the call", async () => {
    const closing: Array<Promise<void>> = []
    await using at = await setUp({ hooks: { onWait: () => closing.push(at.aelyst.close()) } })
    const { result } = await at.aelyst.contacts.create("id:5", ana)
    await Promise.all(closing)
    assert.strictEqual(result, "created")
    assert.strictEqual(closing.length, 1)
  })

  it("are methods of their object", async () => {
    class Seen {
      readonly #names: Array<string> = []
      get names() {
        return this.#names
      }
      onWait() {
        this.#names.push("wait")
      }
      onAttempt() {
        this.#names.push("attempt")
      }
      onOutcome() {
        this.#names.push("outcome")
      }
    }
    const hooks = new Seen()
    await using at = await setUp({ hooks })
    await at.aelyst.contacts.create("id:5", ana)
    assert.deepStrictEqual(hooks.names, ["wait", "attempt", "outcome"])
  })

  it("leave no rejection unheard where they are asynchronous and fail", async () => {
    const lines: Array<string> = []
    const unheard: Array<unknown> = []
    const hear = (error: unknown) => unheard.push(error)
    await using at = await setUp({
      logger: ({ message }) => lines.push(message),
      hooks: { onWait: failing, onAttempt: failing, onOutcome: failing },
    })
    process.on("unhandledRejection", hear)
    try {
      await at.aelyst.contacts.create("id:5", ana)
      await until(() => lines.length === 3)
    } finally {
      process.off("unhandledRejection", hear)
    }
    assert.deepStrictEqual(new Set(lines), new Set(["a callback threw"]))
    assert.isEmpty(unheard)
  })
})

describe("rateLimit", () => {
  it("tells what the last answer said", async () => {
    await using at = await setUp()
    assert.strictEqual(at.aelyst.rateLimit.observedAt, undefined)
    const before = Date.now()
    await at.aelyst.contacts.create("id:5", ana)
    const { limit, observedAt, retryAt, waiting, inFlight } = at.aelyst.rateLimit
    assert.deepStrictEqual([limit, retryAt, waiting, inFlight], [1_000, undefined, 0, 0])
    assert.isAtLeast(observedAt ?? 0, before - 1)
  })

  it("tells when the gate opens after a 429", async () => {
    await using at = await setUp({ retries: 0 })
    at.sandbox.fail({ status: 429, retryAfter: 2, times: 1 })
    await rejection(at.aelyst.contacts.create("id:5", ana))
    const { retryAt } = at.aelyst.rateLimit
    assert.approximately(retryAt ?? 0, Date.now() + 2_000, 300)
  })
})

describe("close", () => {
  it("waits for calls under way, and refuses new ones", async () => {
    await using at = await setUp({}, { latencyMs: 50 })
    const pending = at.aelyst.contacts.create("id:5", ana)
    const closing = at.aelyst.close()
    assert.strictEqual(at.aelyst.close(), closing)
    const late = await rejection(at.aelyst.contacts.create("id:6", ana))
    assert.isTrue(
      isAelystError(late) && late.name === "UnavailableError" && late.reason === "closed",
    )
    assert.strictEqual((await pending).result, "created")
    await closing
    assert.strictEqual(at.posts(), 1)
  })

  it("ends what is left after its time, each with what became of it", async () => {
    await using at = await setUp({}, { limit: 1 })
    await at.aelyst.contacts.create("id:1", ana)
    const waiting = at.aelyst.contacts.create("id:2", ana)
    await at.aelyst.close({ timeoutMs: 10 })
    const error = await rejection(waiting)
    assert.isTrue(isAelystError(error) && error.name === "UnavailableError")
    await using other = await setUp()
    const sent = other.aelyst.contacts.create("email:stall@sandbox.test", ana)
    await other.until(() => other.posts() === 1)
    await other.aelyst.close({ timeoutMs: 10 })
    const doubt = await rejection(sent)
    assert.isTrue(isAelystError(doubt) && doubt.name === "OutcomeUnknownError")
    if (isAelystError(doubt) && doubt.name === "OutcomeUnknownError") {
      assert.strictEqual(doubt.code, "CLOSED")
    }
  })

  it("happens at the end of an await using block", async () => {
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

describe("a transport of the caller's", () => {
  it("can be fetch, which follows no redirect and cannot tell what had left", async () => {
    const seen: Array<RequestInit | undefined> = []
    const transport: AelystOptions["transport"] = (input, init) => {
      seen.push(init)
      return fetch(input, init)
    }
    await using at = await setUp({ transport, retries: 0 })
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
    assert.strictEqual(seen[0]?.redirect, "manual")
    at.sandbox.fail({ status: 302, times: 1 })
    const moved = await rejection(at.aelyst.contacts.create("id:6", ana))
    assert.isTrue(isAelystError(moved) && moved.outcome === "unknown")
    await at.sandbox.close()
    const refused = await rejection(at.aelyst.contacts.create("id:7", ana))
    assert.isTrue(isAelystError(refused) && refused.name === "OutcomeUnknownError")
  })

  it("can be an undici dispatcher, which tells the phase", async () => {
    const { Agent } = await import("undici")
    const agent = new Agent()
    await using at = await setUp({ transport: agent, retries: 0 })
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
    await at.sandbox.close()
    const refused = await rejection(at.aelyst.contacts.create("id:7", ana))
    assert.isTrue(isAelystError(refused) && refused.name === "ConnectionError")
    await agent.close()
  })
})
