/**
 * `aelyst outbox drain`: creates the pending contacts of an outbox with the settings of the command. The first signal
 * stops it in order: requests in flight end, the rest stays in the outbox.
 */
import { Aelyst } from "@aelyst/node"
import type { Outbox, OutboxLogEntry } from "@aelyst/outbox"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

import * as Connection from "../Connection.ts"
import { exitTable } from "../ExitCode.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Signal } from "../Host.ts"
import { Host } from "../Host.ts"
import * as FlagValues from "../import/FlagValues.ts"
import type { StoreFlags } from "../StoreFlags.ts"
import type { DrainEnd, Stopped } from "../outbox/DrainProgress.ts"
import * as DrainProgress from "../outbox/DrainProgress.ts"
import type { FoundOutbox } from "../outbox/OpenOutbox.ts"
import * as OpenOutbox from "../outbox/OpenOutbox.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { invalid, parseTime } from "../SettingTable.ts"
import type { FoundToken } from "../Token.ts"
import * as Token from "../Token.ts"
import type { Progress } from "../Waiting.ts"
import * as Waiting from "../Waiting.ts"

/** Holds the flags of `outbox drain`. */
export interface DrainFlags extends StoreFlags {
  readonly concurrency: string | undefined
  readonly stopAfter: string | undefined
}

/** How often the progress is read, in milliseconds. */
const progressMs = 1_000
// what ended long ago is the app's to forget
const retentionMs = 365 * 86_400_000

const isConfigError = (error: unknown): error is Error =>
  error instanceof Error && Reflect.get(error, "code") === "ERR_AELYST_CONFIG"

/** Creates the client, which is closed at the end of the scope. */
const clientOf = (settings: Settings, { token }: FoundToken) => {
  const { baseUrl, deadline, maxWait, origins, rate, retries, timeout } = settings
  const client = Effect.try({
    try: () =>
      new Aelyst({
        baseUrl,
        retries,
        proxy: "env",
        timeoutMs: timeout,
        token: Redacted.value(token),
        ...(rate !== undefined && { rateLimit: { perSecond: rate } }),
        ...(deadline !== undefined &&
          origins.deadline.from !== "default" && { deadlineMs: deadline }),
        ...(origins.maxWait.from !== "default" && { maxWaitMs: maxWait }),
      }),
    catch: (error) => error,
  }).pipe(
    Effect.catch((error) =>
      isConfigError(error)
        ? Effect.fail(usage(error.message.replaceAll("`", ""), "nothing was sent"))
        : Effect.die(error),
    ),
  )
  return Effect.acquireRelease(client, (open) => Effect.promise(() => open.close()))
}

const stopAfterOf = (text: string | undefined): Effect.Effect<number | undefined, Failure> => {
  if (text === undefined) return Effect.succeed(undefined)
  const parsed = parseTime(text)
  return parsed._tag === "Success" && parsed.success > 0 && parsed.success < 2 ** 31
    ? Effect.succeed(parsed.success)
    : Effect.fail(
        usage(invalid("--stop-after", text, "expected a duration such as 30s, 10m or 2h")),
      )
}

/** Stops a drain before nothing is pending. */
class Stop {
  readonly #controller = new AbortController()
  signal: Signal | undefined
  reason: Stopped | undefined

  get aborted(): AbortSignal {
    return this.#controller.signal
  }

  by(signal: Signal): void {
    this.signal = signal
    this.#controller.abort()
  }

  because(reason: Stopped): void {
    this.reason ??= reason
    this.#controller.abort()
  }
}

/** Waits until nothing is pending, or the drain is stopped. */
const untilEnd = ({ ask }: FoundOutbox, box: Outbox, { aborted }: Stop) =>
  ask(async () => {
    try {
      await box.drain({ signal: aborted })
    } catch (error) {
      if (!aborted.aborted) throw error
    }
  })

interface Draining {
  readonly found: FoundOutbox
  readonly client: Aelyst
  readonly settings: Settings
  readonly progress: Progress
  readonly concurrency: number | undefined
  readonly stopAfterMs: number | undefined
}

const drain = Effect.fnUntraced(function* (all: Draining) {
  const { client, concurrency, found, progress, settings, stopAfterMs } = all
  const printer = yield* Screen
  const { onSignal } = yield* Host
  const began = performance.now()
  const stop = new Stop()
  const log = ({ code, message }: OutboxLogEntry) => {
    if (code === "ERR_AELYST_OUTBOX_TOKEN") stop.because("unauthorized")
    // the drain ends with it
    else if (code !== "ERR_AELYST_OUTBOX_KEY") printer.warn(message)
  }
  const reader = yield* found.open()
  const before = yield* found.ask(() => reader.stats())
  const box = yield* found.open({
    client,
    log,
    retentionMs,
    ...(concurrency !== undefined && { concurrency }),
    ...(settings.origins.delivery.from !== "default" && { delivery: settings.delivery }),
  })
  onSignal?.((signal) => {
    if (!printer.animated) printer.notice("Stopping: waiting for the requests in flight …")
    stop.by(signal)
  })
  if (stopAfterMs !== undefined) {
    const timer = setTimeout(() => stop.because("time"), stopAfterMs)
    yield* Effect.addFinalizer(() => Effect.sync(() => clearTimeout(timer)))
  }
  const view = new DrainProgress.DrainView(printer, progress)
  const show = Effect.gen(function* () {
    const drained = DrainProgress.since(before, yield* found.ask(() => reader.stats()))
    const { retryAt } = client.rateLimit
    const waitMs = retryAt === undefined ? undefined : retryAt - Date.now()
    view.show(
      {
        drained,
        outbox: found.shown,
        host: settings.host,
        waitMs: waitMs !== undefined && waitMs >= 1_000 ? waitMs : undefined,
        isStopping: stop.signal !== undefined,
      },
      performance.now(),
    )
  })
  const showing = Effect.forever(Effect.andThen(show, Effect.sleep(progressMs)))
  yield* Effect.raceFirst(untilEnd(found, box, stop), showing)
  if (stop.signal !== undefined) yield* show
  yield* found.ask(() => box.close({ timeoutMs: 2 * settings.timeout }))
  printer.clear()
  const end: DrainEnd = {
    drained: DrainProgress.since(before, yield* found.ask(() => reader.stats())),
    elapsedMs: performance.now() - began,
    signal: stop.signal,
    stopped: stop.reason,
  }
  return end
})

/** Drains an outbox. */
export const run = (
  flags: DrainFlags,
  globals: GlobalFlags,
): Effect.Effect<void, Failure | Report, Host | Screen> =>
  Effect.scoped(
    Effect.gen(function* () {
      const progress = yield* Waiting.parseProgress(globals.progress)
      const concurrency = yield* Effect.fromResult(
        FlagValues.optional(flags.concurrency, FlagValues.integer("--concurrency", 1, 1_000)),
      )
      const stopAfterMs = yield* stopAfterOf(flags.stopAfter)
      const settings = yield* SettingsOf.resolve(globals)
      const token = yield* Token.require(globals, settings)
      yield* Connection.announce(settings, token.from, globals.verbose > 0)
      const found = yield* OpenOutbox.find(flags)
      const client = yield* clientOf(settings, token)
      const end = yield* drain({ client, concurrency, found, progress, settings, stopAfterMs })
      const printer = yield* Screen
      const exit = DrainProgress.exitOf(end)
      if (printer.json) {
        const { drained, signal, stopped } = end
        const reason = signal ?? stopped
        const exitCode = exitTable[exit].code
        printer.value({
          ok: exit === "ok",
          ...drained,
          ...(reason !== undefined && { stopped: reason }),
          exitCode,
        })
      }
      for (const line of DrainProgress.ending(end)) printer.notice(line)
      if (exit !== "ok") yield* Effect.fail(Reports.ended(exit))
    }),
  )
