/** The words of a drain: its progress while it runs, and its end. */
import type { OutboxStats } from "@aelyst/outbox"

import type { ExitName } from "../ExitCode.ts"
import type { Signal } from "../Host.ts"
import { exitOfSignal } from "../Report.ts"
import type { Printer } from "../Screen.ts"
import { clock, count, number, time } from "../Text.ts"
import type { Progress } from "../Waiting.ts"

/** The states in which contacts end. */
const ends = ["created", "existed", "existsAfterDoubt", "rejected", "parked"] as const

/** Counts the contacts that have ended since a drain began, and those that are left. */
export type Drained = Readonly<Record<(typeof ends)[number] | "pending", number>>

/** Returns what has changed since the drain began; contacts that others have ended meanwhile count, too. */
export const since = (before: OutboxStats, now: OutboxStats): Drained => {
  const ended = ends.map((name) => [name, Math.max(0, now[name] - before[name])])
  // safe: every name is one of `ends`
  return { ...(Object.fromEntries(ended) as Drained), pending: now.pending }
}

const endedOf = (drained: Drained): number => ends.reduce((sum, name) => sum + drained[name], 0)

const alreadyOf = ({ existed, existsAfterDoubt }: Drained): number => existed + existsAfterDoubt

/** The state of a drain that is shown. */
export interface Shown {
  readonly drained: Drained
  /** The outbox, and the host of the API. */
  readonly outbox: string
  readonly host: string
  /** How long nothing is sent because of the rate limit or an outage, in milliseconds. */
  readonly waitMs: number | undefined
  readonly isStopping: boolean
}

/** Returns the lines for a terminal. */
export const lines = ({
  drained,
  host,
  isStopping,
  outbox,
  waitMs,
}: Shown): ReadonlyArray<string> => {
  const { created, parked, pending, rejected } = drained
  const done = endedOf(drained)
  const counts = `✔ ${number(created)} created  ↷ ${number(alreadyOf(drained))} already  ✖ ${number(rejected)} rejected  ? ${number(parked)} parked`
  const status = isStopping
    ? "Stopping: waiting for the requests in flight (Ctrl-C again to quit now) …"
    : waitMs === undefined
      ? counts
      : `⏸ waiting for the API, ${clock(waitMs)} left`
  return [`Draining ${outbox} → ${host}   ${number(done)}/${number(done + pending)}`, `  ${status}`]
}

/** Returns the line for a log. */
export const logLine = ({ drained, waitMs }: Shown): string => {
  const { created, parked, pending, rejected } = drained
  const done = endedOf(drained)
  return [
    `outbox ${done}/${done + pending}`,
    `created=${created} already=${alreadyOf(drained)} rejected=${rejected} parked=${parked} pending=${pending}`,
    ...(waitMs === undefined ? [] : [`waiting=${Math.ceil(waitMs / 1_000)}s`]),
  ].join(" ")
}

/** How often a log gets a line, in milliseconds. */
const logMs = 30_000

/** Shows the progress: live lines on a terminal, elsewhere a line at the start and now and then. */
export class DrainView {
  readonly #printer: Printer
  readonly #isLive: boolean
  readonly #isLogged: boolean
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(printer: Printer, how: Progress) {
    this.#printer = printer
    this.#isLive = printer.animated && how !== "plain" && how !== "none"
    this.#isLogged = !this.#isLive && how !== "none"
  }

  /** Shows the newest state; `now` is in milliseconds. */
  show(shown: Shown, now: number): void {
    if (this.#isLive) return this.#printer.draw(...lines(shown))
    if (!this.#isLogged || now - this.#loggedAt < logMs) return
    this.#loggedAt = now
    this.#printer.notice(logLine(shown))
  }
}

/** Names why a drain stopped before its end. */
export type Stopped = "unauthorized" | "time"

const early: Readonly<Record<Stopped, string>> = {
  unauthorized: "Aelyst rejected the token (401): aelyst auth login, or set AELYST_TOKEN",
  time: "the time of --stop-after has passed",
}

/** Holds how a drain ended. */
export interface DrainEnd {
  readonly drained: Drained
  readonly elapsedMs: number
  readonly signal: Signal | undefined
  readonly stopped: Stopped | undefined
}

/** Returns the exit code of a drain. */
export const exitOf = ({ drained, signal, stopped }: DrainEnd): ExitName => {
  if (signal !== undefined) return exitOfSignal[signal]
  if (stopped !== undefined) return "stopped"
  return drained.rejected + drained.parked > 0 ? "incomplete" : "ok"
}

/** Returns the lines that tell how a drain ended. */
export const ending = ({
  drained,
  elapsedMs,
  signal,
  stopped,
}: DrainEnd): ReadonlyArray<string> => {
  const { created, parked, pending, rejected } = drained
  const reason =
    signal !== undefined ? `it got ${signal}` : stopped === undefined ? undefined : early[stopped]
  const took = elapsedMs < 1_000 ? time(elapsedMs) : clock(elapsedMs)
  const parts = [
    `${number(created)} created`,
    `${number(alreadyOf(drained))} already there`,
    `${number(rejected)} rejected`,
    ...(parked === 0 ? [] : [`${number(parked)} parked`]),
  ]
  return [
    `${reason === undefined ? "Done in" : "Stopped after"} ${took}   ${count(endedOf(drained), "contact")} = ${parts.join(" + ")}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...(pending === 0
      ? []
      : [`  ${count(pending, "contact")} pending; the app or the same command sends them later`]),
    ...(rejected === 0 ? [] : ["  rejected: aelyst outbox list --state rejected"]),
    ...(parked === 0
      ? []
      : [
          "  parked: may exist; check, then aelyst outbox replay <id> (aelyst outbox list --state parked)",
        ]),
  ]
}
