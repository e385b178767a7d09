import type { AelystClient } from "@aelyst/core"
import { Hooks } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"

import type { Terminals } from "./captured.ts"
import { captured } from "./captured.ts"
import * as Waiting from "../src/Waiting.ts"

/** Starts a call that waits until it is told to end; `wait` begins a wait of it. */
const waiting = Effect.fnUntraced(function* (
  progress: Waiting.Progress,
  tty: Terminals = {},
  opensInMs?: number,
  reported = true,
) {
  const { printer, written } = captured(tty)
  const done = yield* Deferred.make<void>()
  let onWait: ((wait: Hooks.WaitEvent) => void) | undefined
  const opensIn = opensInMs === undefined ? undefined : Duration.millis(opensInMs)
  // safe: a wait reads no other member
  const client = {
    rateLimit: Effect.succeed({ limit: 10, reported, opensIn }),
  } as unknown as AelystClient["Service"]
  const call = Effect.gen(function* () {
    const hooks = yield* Hooks.Hooks
    onWait = hooks.onWait
    yield* Deferred.await(done)
    return "created"
  })
  const options = { printer, client, retries: 3, host: "h", progress, callbacks: {} }
  const fiber = yield* Effect.forkChild(Waiting.watched(call, options))
  yield* TestClock.adjust(0)
  const wait = (one: Hooks.WaitEvent) =>
    Effect.andThen(
      Effect.sync(() => onWait?.(one)),
      TestClock.adjust(0),
    )
  const end = Effect.andThen(Deferred.succeed(done, undefined), Fiber.join(fiber))
  return { written, wait, end }
})

const drawn = ({ stderr }: { readonly stderr: string }) => stderr.split("\r\u001b[2K").slice(1)

describe("watched", () => {
  const waits = [
    [{ reason: "queue", ms: 7_000, resend: 1 }, "⏸ rate limited (limit 10) — retry 1 of 3 in 7 s"],
    [{ reason: "circuit", ms: 2_000, resend: 0 }, "⏸ the API is not responding — next try in 2 s"],
    [{ reason: "backoff", ms: 244, resend: 2 }, "⏸ cannot connect — retry 2 of 3 in 244 ms"],
    [{ reason: "budget", ms: 1_000, resend: 1 }, "⏸ too many retries — retry 1 of 3 in 1 s"],
    [{ reason: "doubt", ms: 5_000, resend: 1 }, "⏸ no response — sending it again in 5 s"],
    [{ reason: "settle", ms: 2_000, resend: 0 }, "⏸ created; Aelyst is processing it — 2 s left"],
  ] as const
  for (const [one, line] of waits) {
    it.effect(`prints once without a terminal: ${line}`, () =>
      Effect.gen(function* () {
        const { written, wait, end } = yield* waiting("auto")
        yield* wait(one)
        assert.strictEqual(written.stderr, `${line}\n`)
        assert.strictEqual(yield* end, "created")
        assert.strictEqual(written.stderr, `${line}\n`)
      }),
    )
  }

  it.effect("reads the length of the wait from the pacer if the wait has none", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("plain", {}, 3_000)
      yield* wait({ reason: "queue", resend: 1 })
      assert.strictEqual(written.stderr, "⏸ rate limited (limit 10) — retry 1 of 3 in 3 s\n")
      yield* end
    }),
  )

  it.effect("U9 announces the one resend of a contact in doubt, not those of --retries", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("plain")
      yield* wait({ reason: "doubt", ms: 5_000, resend: 1 })
      yield* end
      assert.notMatch(written.stderr, /of 3/)
      assert.include(written.stderr, "sending it again in 5 s")
    }),
  )

  it.effect("T10 shows no limit that the server has not reported", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("plain", {}, undefined, false)
      yield* wait({ reason: "queue", ms: 1_000, resend: 1 })
      yield* end
      assert.strictEqual(written.stderr, "⏸ rate limited — retry 1 of 3 in 1 s\n")
    }),
  )

  it.effect("says nothing about the first place in the queue, or a wait of unknown length", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("plain")
      yield* wait({ reason: "queue", ms: 1_000, resend: 0 })
      yield* wait({ reason: "queue", resend: 1 })
      yield* end
      assert.strictEqual(written.stderr, "")
    }),
  )

  it.effect("says nothing with --progress none", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("none", { stderr: true })
      yield* wait({ reason: "queue", ms: 7_000, resend: 1 })
      yield* TestClock.adjust(10_000)
      yield* end
      assert.strictEqual(written.stderr, "")
    }),
  )

  it.effect("counts down on one line of a terminal, and removes it", () =>
    Effect.gen(function* () {
      const { written, wait, end } = yield* waiting("auto", { stderr: true })
      yield* wait({ reason: "queue", ms: 2_000, resend: 1 })
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(drawn(written), [
        ...["2 s", "2 s", "1 s", "500 ms"].map(
          (left) => `⏸ rate limited (limit 10) — retry 1 of 3 in ${left}   Ctrl-C to stop`,
        ),
        "",
      ])
      yield* end
      assert.notInclude(written.stderr, "\n")
    }),
  )

  it.effect("says how long a host has not responded, after a second and only on a terminal", () =>
    Effect.gen(function* () {
      const terminal = yield* waiting("auto", { stderr: true })
      const pipe = yield* waiting("auto")
      yield* TestClock.adjust(999)
      assert.strictEqual(terminal.written.stderr, "")
      yield* TestClock.adjust(1_001)
      assert.deepStrictEqual(drawn(terminal.written), [
        "… h has not responded for 1 s   Ctrl-C to stop",
        "… h has not responded for 2 s   Ctrl-C to stop",
        "… h has not responded for 2 s   Ctrl-C to stop",
      ])
      yield* terminal.end
      assert.strictEqual(drawn(terminal.written).at(-1), "")
      yield* pipe.end
      assert.strictEqual(pipe.written.stderr, "")
    }),
  )

  it.effect("keeps the other callbacks of the call", () =>
    Effect.gen(function* () {
      const { printer } = captured()
      let attempts = 0
      const callbacks = { onAttempt: () => void attempts++ }
      // safe: nothing but the rate limit is read, and the hook is given nothing
      const client = { rateLimit: Effect.never } as unknown as AelystClient["Service"]
      // safe: the hook reads nothing of it
      const call = Effect.map(Hooks.Hooks, ({ onAttempt }) => onAttempt?.(undefined as never))
      const options = {
        printer,
        client,
        retries: 3,
        host: "h",
        progress: "none",
        callbacks,
      } as const
      yield* Waiting.watched(call, options)
      assert.strictEqual(attempts, 1)
    }),
  )
})

describe("parseProgress", () => {
  it("reads the four ways, auto by default", () => {
    for (const text of ["auto", "bar", "plain", "none"]) {
      assert.strictEqual(Effect.runSync(Waiting.parseProgress(text)), text)
    }
    assert.strictEqual(Effect.runSync(Waiting.parseProgress(undefined)), "auto")
  })

  it("fails for any other", () => {
    const { message } = Effect.runSync(Effect.flip(Waiting.parseProgress("loud")))
    assert.strictEqual(
      message,
      'invalid value "loud" for --progress: expected auto, bar, plain or none',
    )
  })
})
