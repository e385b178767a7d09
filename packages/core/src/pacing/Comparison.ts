/** Compares what a response says that the server counts with the log of sends. Pure. */
import * as State from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

type Context = State.ResponseContext

/** Compares the server's count with the log's. Numbers of sends. */
export interface Comparison {
  /** The server's count, this request included. */
  readonly used: number
  /** Those of the log that were due when the request left. */
  readonly due: number
  /** Those of the log that the server has forgotten for certain, oldest first. */
  readonly forgotten: number
  /** Of those, how many a sliding log could not have forgotten yet. */
  readonly early: number
  /** The greatest age that the newest forgotten send can have, in milliseconds; `Infinity` unless others are counted still. */
  readonly forgottenMs: number
  /** The smallest age that the oldest send can have that it counts without doubt; 0 if there is none. */
  readonly countedMs: number
  /** It has forgotten a send so soon that it must refill. */
  readonly tooSoon: boolean
  /** It says so in response to a request that went without others. */
  readonly alone: boolean
  /** The most that the server can count if the window is right. */
  readonly explained: number
  /** Counted beyond that, though due: the window is longer, or they belong to another client. */
  readonly overdue: number
  /** Counted beyond everything in the log: another client's. */
  readonly unaccounted: number
}

export const compare = (context: Context, used: number, overtaken: number): Comparison => {
  const { state } = context
  const { sentAt } = context.request
  const { log, nowMs, windowMs } = state
  const least = Window.minRoundTrip(state)
  // Counted before this one without doubt; of those the server still counts the newest, `used - 1` at most.
  const before = SendLog.countWhile(log, ({ at }) => at <= sentAt + least)
  const forgotten = Math.max(0, before - (used - 1))
  const oldest = sentAt - windowMs + least
  const expired = SendLog.countWhile(log, ({ windowStart }) => windowStart <= oldest)
  const arrived = state.inFlight.filter(
    (other) => State.isUnlogged(other) && other.sentAt + least <= nowMs,
  )
  const explained = 1 + SendLog.size(log) - expired + arrived.length
  // This response may have been made before others that came first, and count the sends that those dropped.
  const surplus = Math.max(0, used - explained - overtaken)
  const unaccounted = Math.max(0, surplus - expired)
  const grown = nowMs - windowMs - least
  const early = forgotten - SendLog.countWhere(log, (run) => run.sentAt <= grown)
  const due = Window.countDue(state, sentAt)
  const newest = forgotten === 0 ? Number.NEGATIVE_INFINITY : sentAtOf(log, forgotten)
  const tooSoon = early > 0 && sentAt - newest <= Tuning.shortestWindowMs
  const alone = wentAlone(context)
  // The others that it counts may be those that were not counted before this one without doubt.
  const counted = used - 1 - (SendLog.size(log) - before) - arrived.length - overtaken
  const isPartial = forgotten > 0 && counted > 0
  const forgottenMs = isPartial ? nowMs - newest - least : Number.POSITIVE_INFINITY
  const oldestCounted = counted > 0 ? SendLog.runOf(log, before - counted + 1) : undefined
  const countedMs = oldestCounted === undefined ? 0 : sentAt - oldestCounted.at + least
  return {
    used,
    due,
    forgotten,
    early,
    forgottenMs,
    countedMs,
    tooSoon,
    alone,
    explained,
    overdue: surplus - unaccounted,
    unaccounted,
  }
}

/** Returns when the nth of all sends left (from 1). The log has the order of the responses, and the server that of the sends. */
const sentAtOf = (log: SendLog.SendLog, nth: number): number => {
  const bySend = log.toSorted((one, other) => one.sentAt - other.sentAt)
  return SendLog.runOf(bySend, nth)?.sentAt ?? Number.NEGATIVE_INFINITY
}

/** Checks whether a request went without others. Only then can its response tell a refill: a window may turn in the middle of a burst. */
const wentAlone = ({ request, state: { inFlight, log } }: Context): boolean =>
  (log.at(-1)?.at ?? 0) <= request.sentAt && inFlight.every(({ sentAt }) => sentAt > request.sentAt)
