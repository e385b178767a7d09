import { assert, describe, it } from "@effect/vitest"

import type { AttemptRecord, OutcomeEvent, WaitEvent } from "../src/index.ts"
import { isAelystError } from "../src/index.ts"
import { iterate } from "./idle.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { ana, poll, rejection, setUp } from "./sandboxed.ts"

const failing = async () => {
  throw new Error("mine")
}

const throwing = () => {
  throw new Error("mine")
}

/** Aborts, and checks that the reason arrives within a few iterations of the event loop, with no timer in between. */
const assertEndsAtOnce = async (abort: AbortController, pending: Promise<unknown>) => {
  const reason = new Error("enough")
  abort.abort(reason)
  assert.strictEqual(await Promise.race([rejection(pending), iterate(10)]), reason)
}

describe("Calls with a signal", () => {
  it("rejects with the reason and sends nothing if the signal is aborted before the call", async () => {
    await using at = await setUp()
    const reason = new Error("never")
    const promise = at.aelyst.contacts.create("id:5", ana, { signal: AbortSignal.abort(reason) })
    assert.strictEqual(await rejection(promise), reason)
    assert.strictEqual(await promise.outcome(), "not_sent")
    assert.strictEqual(at.posts(), 0)
  })

  it("ends a call at once on an abort while it waits for a response", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    const pending = at.aelyst.contacts.create("email:stall@sandbox.test", ana, { signal })
    await at.until(() => at.posts() === 1)
    await assertEndsAtOnce(abort, pending)
    assert.strictEqual(await pending.outcome(), "unknown")
    await at.until(() => at.sandbox.requests()[0]?.phase === "gone")
  })

  it("ends a call at once on an abort while it reads a body", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    const pending = at.aelyst.contacts.create("email:stall-body@sandbox.test", ana, { signal })
    await at.until(() => at.posts() === 1)
    await assertEndsAtOnce(abort, pending)
    assert.strictEqual(await pending.outcome(), "unknown")
  })

  it("ends a call at once on an abort in the queue, and sends the next one", async () => {
    await using at = await setUp({}, { limit: 1 })
    const abort = new AbortController()
    const { signal } = abort
    await at.aelyst.contacts.create("id:1", ana)
    const pending = at.aelyst.contacts.create("id:2", ana, { signal })
    const next = at.aelyst.contacts.create("id:3", ana)
    await assertEndsAtOnce(abort, pending)
    assert.strictEqual(await pending.outcome(), "not_sent")
    await next
    assert.deepStrictEqual(
      at.sandbox.contacts().map(({ identifier }) => identifier),
      ["id:1", "id:3"],
    )
  })

  it("opens nothing for 5,000 calls that wait for one key when all are aborted (V12)", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    const identifier = "email:stall@sandbox.test"
    const first = at.aelyst.contacts.create(identifier, ana, { signal }).outcome()
    await at.until(() => at.posts() === 1)
    const others = Array.from({ length: 5_000 }, () =>
      at.aelyst.contacts.create(identifier, ana, { signal }).outcome(),
    )
    assert.strictEqual(at.aelyst.rateLimit.waiting, 5_000)
    abort.abort()
    assert.strictEqual(await first, "unknown")
    assert.deepStrictEqual([...new Set(await Promise.all(others))], ["not_sent"])
    await at.aelyst.contacts.create("id:1", ana)
    assert.strictEqual(at.sandbox.requests().length, 2)
  })

  it("ends a call at once on an abort while it waits after a 429, as rejected (T6)", async () => {
    await using at = await setUp()
    const abort = new AbortController()
    const { signal } = abort
    at.sandbox.fail({ status: 429, retryAfter: 30, times: 1 })
    const pending = at.aelyst.contacts.create("id:1", ana, { signal })
    await poll(() => at.aelyst.rateLimit.retryAt !== undefined)
    await assertEndsAtOnce(abort, pending)
    assert.strictEqual(await pending.outcome(), "rejected")
    assert.strictEqual(at.posts(), 1)
  })

  for (const [reason, identifier, outcome] of [
    ["backoff", "id:1", "not_sent"],
    ["doubt", "email:drop@sandbox.test", "unknown"],
  ] as const) {
    it(`ends a call at once on an abort while it waits for a resend (${reason})`, async () => {
      const waits: Array<string> = []
      const abort = new AbortController()
      await using at = await setUp(
        { hooks: { onWait: (wait) => waits.push(wait.reason) } },
        { port: await Ports.own() },
      )
      if (reason === "backoff") await at.sandbox.close()
      const pending = at.aelyst.contacts.create(identifier, ana, {
        signal: abort.signal,
        delivery: "natural-key",
        retries: 100,
      })
      await poll(() => waits.includes(reason))
      await assertEndsAtOnce(abort, pending)
      assert.strictEqual(await pending.outcome(), outcome)
    })
  }

  it("ends a call at once on an abort while it settles, and reports the contact as created", async () => {
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
    await assertEndsAtOnce(abort, pending)
    assert.strictEqual(await pending.outcome(), "created")
  })
})

describe("Calls with hooks", () => {
  it("reports attempts, waits and the end to hooks, and ignores an error that a hook throws", async () => {
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

  it("reports a wait only if there is one, and how long it is (U8)", async () => {
    const waits: Array<WaitEvent> = []
    await using at = await setUp({ hooks: { onWait: (wait) => waits.push(wait) } })
    await at.aelyst.contacts.create("id:1", ana)
    assert.isEmpty(waits)
    at.sandbox.fail({ status: 429, retryAfter: 3, times: 1 })
    await at.aelyst.contacts.create("id:2", ana)
    const [wait] = waits
    assert.deepInclude(wait, { reason: "queue", resend: 1 })
    // with at most 250 ms of jitter, and after what has passed since the response
    assert.isAbove(wait?.ms ?? 0, 0)
    assert.isAtMost(wait?.ms ?? 0, 3_251)
  })

  it("ends a call that a hook aborts, before anything is sent", async () => {
    const abort = new AbortController()
    const reason = new Error("enough")
    await using at = await setUp({ hooks: { onWait: () => abort.abort(reason) } }, { limit: 1 })
    await at.aelyst.contacts.create("id:4", ana)
    const pending = at.aelyst.contacts.create("id:5", ana, { signal: abort.signal })
    assert.strictEqual(await rejection(pending), reason)
    assert.strictEqual(await pending.outcome(), "not_sent")
    assert.strictEqual(at.posts(), 1)
  })

  it("waits for the call if a hook closes the client", async () => {
    const closing: Array<Promise<void>> = []
    const hooks = { onWait: () => void closing.push(at.aelyst.close()) }
    await using at = await setUp({ hooks }, { limit: 1 })
    await at.aelyst.contacts.create("id:4", ana)
    const { result } = await at.aelyst.contacts.create("id:5", ana)
    await Promise.all(closing)
    assert.strictEqual(result, "created")
    assert.strictEqual(closing.length, 1)
  })

  it("creates the contact although logger and hooks throw or reject (T4)", async () => {
    const unhandled: Array<unknown> = []
    const note = (error: unknown) => unhandled.push(error)
    process.on("unhandledRejection", note)
    try {
      for (const callback of [throwing, failing]) {
        const hooks = { onWait: callback, onAttempt: callback, onOutcome: callback }
        await using at = await setUp({ logger: callback, hooks })
        const { result } = await at.aelyst.contacts.create("id:5", ana, { settleMs: 1 })
        assert.strictEqual(result, "created")
        await iterate(3)
      }
    } finally {
      process.off("unhandledRejection", note)
    }
    assert.isEmpty(unhandled)
  })

  it("calls hooks as methods of their object", async () => {
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
    await at.aelyst.contacts.create("id:5", ana, { settleMs: 1 })
    assert.deepStrictEqual(hooks.names, ["attempt", "outcome", "wait"])
  })

  it("handles the rejections of asynchronous hooks", async () => {
    const lines: Array<string> = []
    const unhandled: Array<unknown> = []
    const note = (error: unknown) => unhandled.push(error)
    await using at = await setUp({
      logger: ({ message }) => lines.push(message),
      hooks: { onWait: failing, onAttempt: failing, onOutcome: failing },
    })
    process.on("unhandledRejection", note)
    try {
      await at.aelyst.contacts.create("id:5", ana, { settleMs: 1 })
      await poll(() => lines.length === 3)
    } finally {
      process.off("unhandledRejection", note)
    }
    assert.deepStrictEqual(new Set(lines), new Set(["a callback threw"]))
    assert.isEmpty(unhandled)
  })
})

describe("Calls.close", () => {
  it("waits for calls in progress when it is closed, and rejects new ones", async () => {
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

  it("ends the remaining calls after `timeoutMs`, each with its outcome", async () => {
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

  it.each([Number.NaN, "5", -1])("refuses %s as `timeoutMs` (V6)", async (timeoutMs) => {
    await using at = await setUp()
    // safe: what a caller without types may pass
    const options = { timeoutMs } as unknown as { readonly timeoutMs: number }
    assert.throws(() => at.aelyst.close(options), "`timeoutMs` must be a number of milliseconds")
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
  })

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 1e300])(
    "waits for the calls with %s (V6)",
    async (timeoutMs) => {
      await using at = await setUp({}, { latencyMs: 50 })
      const pending = at.aelyst.contacts.create("id:5", ana)
      await at.aelyst.close({ timeoutMs })
      assert.strictEqual((await pending).result, "created")
    },
  )

  it("returns the result of a call that it ends while the call settles (T5)", async () => {
    const settling: { now?: () => void } = {}
    const settles = new Promise<void>((resolve) => {
      settling.now = resolve
    })
    await using at = await setUp({
      hooks: { onWait: ({ reason }) => (reason === "settle" ? settling.now?.() : undefined) },
    })
    const pending = at.aelyst.contacts.create("id:1", ana, { settleMs: 3_600_000 })
    await settles
    await at.aelyst.close({ timeoutMs: 10 })
    const { identifier, result } = await pending
    assert.deepStrictEqual([String(identifier), result], ["id:1", "created"])
    assert.strictEqual(await pending.outcome(), "created")
  })

  it("reports the end of a call that it ends to the hook", async () => {
    const ends: Array<OutcomeEvent> = []
    await using at = await setUp({ hooks: { onOutcome: (end) => ends.push(end) } })
    const sent = at.aelyst.contacts.tryCreate("email:stall@sandbox.test", ana)
    await at.until(() => at.posts() === 1)
    await at.aelyst.close({ timeoutMs: 0 })
    const tried = await sent
    assert.isFalse(tried.ok)
    assert.deepStrictEqual(
      ends.map(({ outcome }) => outcome),
      ["unknown"],
    )
  })
})

describe("a call that begins in doubt", () => {
  it("waits doubtDelayMs and reads exists as exists_after_doubt", async () => {
    await using at = await setUp({ doubtDelayMs: 1_000 }, { existing: "reject" })
    await at.aelyst.contacts.create("id:5", ana)
    const waits: Array<WaitEvent> = []
    await using other = await setUp(
      { baseUrl: at.sandbox.baseUrl, doubtDelayMs: 1_000, hooks: { onWait: (w) => waits.push(w) } },
      {},
    )
    const { result } = await other.aelyst.contacts.create("id:5", ana, { doubt: true })
    assert.strictEqual(result, "exists_after_doubt")
    assert.deepStrictEqual(waits[0], { reason: "doubt", ms: 1_000, resend: 0 })
  })

  it("is unknown if nothing can be sent any more", async () => {
    await using at = await setUp()
    const signal = AbortSignal.abort(new Error("enough"))
    const aborted = await at.aelyst.contacts.tryCreate("id:5", ana, { doubt: true, signal })
    assert.isTrue(!aborted.ok && aborted.outcome === "unknown")
    await at.aelyst.close()
    const closed = await at.aelyst.contacts.tryCreate("id:5", ana, { doubt: true })
    assert.isTrue(!closed.ok && closed.outcome === "unknown")
    assert.strictEqual(at.posts(), 0)
  })
})
