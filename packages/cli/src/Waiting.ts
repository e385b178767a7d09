/**
 * Shows the waits of a call: a countdown on one line of the terminal, plain lines elsewhere. It only watches; core decides
 * on every wait.
 */
import type { AelystClient } from "@aelyst/core"
import { Hooks } from "@aelyst/core"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import type { Printer } from "./Screen.ts"
import { invalid, word } from "./SettingTable.ts"
import { time } from "./Text.ts"

/** Lists the values of `--progress`. */
export const progresses = ["auto", "bar", "plain", "none"] as const

/** Names the ways in which waits are shown. */
export type Progress = (typeof progresses)[number]

/** Reads `--progress`. */
export const parseProgress = (text = "auto"): Effect.Effect<Progress, Failure> => {
  const progress = progresses.find((one) => one === text)
  return progress === undefined
    ? Effect.fail(usage(invalid("--progress", text, "expected auto, bar, plain or none", word)))
    : Effect.succeed(progress)
}

/** Holds the call's surroundings. */
export interface WaitingOptions {
  readonly printer: Printer
  readonly client: AelystClient["Service"]
  readonly retries: number
  /** The host that must respond, as it is shown. */
  readonly host: string
  readonly progress: Progress
  /** More callbacks for the same call. */
  readonly callbacks: Hooks.Callbacks
}

const tick = 500
// a response that comes sooner needs no line
const patience = 1_000

/** Returns the line for a wait; undefined if it needs none. */
const line = (
  wait: Hooks.WaitEvent,
  limit: number | undefined,
  retries: number,
): ((left: number) => string) | undefined => {
  const again = (left: number) => `retry ${wait.resend} of ${retries} in ${time(left)}`
  switch (wait.reason) {
    case "queue":
      return wait.resend === 0
        ? undefined
        : (left) =>
            `⏸ rate limited${limit === undefined ? "" : ` (limit ${limit})`} — ${again(left)}`
    case "circuit":
      return (left) => `⏸ the API is not responding — next try in ${time(left)}`
    case "budget":
      return (left) => `⏸ too many retries — ${again(left)}`
    case "backoff":
      return (left) => `⏸ cannot connect — ${again(left)}`
    case "doubt":
      // a contact in doubt is resent at most once, however many --retries are left
      return (left) => `⏸ no response — sending it again in ${time(left)}`
    case "settle":
      return (left) => `⏸ created; Aelyst is processing it — ${time(left)} left`
  }
}

const show = Effect.fnUntraced(function* (wait: Hooks.WaitEvent, options: WaitingOptions) {
  const { printer, client, retries, progress } = options
  const now = yield* client.rateLimit
  const closed = now.opensIn === undefined ? undefined : Duration.toMillis(now.opensIn)
  const ms = wait.ms ?? closed
  // a guess is not the word of the server
  const text = line(wait, now.reported ? now.limit : undefined, retries)
  if (text === undefined || ms === undefined || progress === "none") return
  if (!printer.animated || progress === "plain") return printer.notice(text(seconds(ms)))
  const until = (yield* Clock.currentTimeMillis) + ms
  for (;;) {
    const left = until - (yield* Clock.currentTimeMillis)
    if (left <= 0) return printer.clear()
    printer.draw(`${text(seconds(left))}   Ctrl-C to stop`)
    yield* Effect.sleep(Math.min(tick, left))
  }
})

/** Shows that a response is taking a long time. */
const responding = Effect.fnUntraced(function* ({ printer, host, progress }: WaitingOptions) {
  if (!printer.animated || progress === "plain" || progress === "none") return
  const began = yield* Clock.currentTimeMillis
  yield* Effect.sleep(patience)
  for (;;) {
    const elapsed = (yield* Clock.currentTimeMillis) - began
    printer.draw(`… ${host} has not responded for ${time(seconds(elapsed))}   Ctrl-C to stop`)
    yield* Effect.sleep(tick)
  }
})

// a countdown that shows tenths of seconds is hard to read
const seconds = (ms: number): number => (ms > 1_000 ? Math.round(ms / 1_000) * 1_000 : ms)

/** Runs a call and shows its waits. */
export const watched = <A, E, R>(
  call: Effect.Effect<A, E, R>,
  options: WaitingOptions,
): Effect.Effect<A, E, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const waits = yield* Queue.unbounded<Hooks.WaitEvent>()
      const watcher = Effect.gen(function* () {
        const silence = Effect.andThen(responding(options), Effect.never)
        let wait = yield* Effect.raceFirst(Queue.take(waits), silence)
        for (;;) {
          const shown = Effect.andThen(show(wait, options), silence)
          wait = yield* Effect.raceFirst(Queue.take(waits), shown)
        }
      })
      yield* Effect.forkScoped(watcher)
      const callbacks: Hooks.Callbacks = {
        ...options.callbacks,
        onWait: (wait) => void Queue.offerUnsafe(waits, wait),
      }
      return yield* Effect.provideService(call, Hooks.Hooks, callbacks).pipe(
        Effect.ensuring(Effect.sync(() => options.printer.clear())),
      )
    }),
  )
