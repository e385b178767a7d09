/** Learns from responses: the round trip, the limit, and which sends the server still counts. Pure. */
import { closeGate, holdGate } from "./LearnFromRateLimit.ts"
import * as Held from "./HeldRequest.ts"
import * as State from "./PacerState.ts"
import * as Tuning from "./PacerTuning.ts"
import * as RoundTrip from "./RoundTrip.ts"
import * as SendLog from "./SendLog.ts"
import * as Window from "./WindowModel.ts"

type Context = State.ResponseContext
type Drops = State.PacerState["dropped"]

/** Records a response when its headers have come. */
export const observe = (
  config: State.PacerConfig,
  previous: State.PacerState,
  id: number,
  response: State.ResponseInfo,
  clock: number,
): State.PacerState =>
  State.endRequest(previous, id, clock, (state, request) => {
    const context = { config, previous, state, request, response }
    if (response.unavailable === true) return holdGate(context)
    learnLimit(context)
    if (response.rateLimited) closeGate(context)
    else accept(context)
  })

/** Learns the round trip and, if the response names it, the limit. */
const learnLimit = ({ request, response, state }: Context): void => {
  state.hasResponse = true
  state.observedAt = state.nowMs
  state.roundTrip = RoundTrip.add(state.roundTrip, state.nowMs - request.sentAt, state.limit)
  if (response.limit === undefined || request.sentAt < state.limitSentAt) return
  const limit = Math.max(1, response.limit)
  const { higherLimit } = state.doubt
  const isHigher = state.limitSource === "server" && limit > state.limit
  if (higherLimit !== null || isHigher) {
    state.doubt = { ...state.doubt, higherLimit: isHigher ? limit : null }
    if (isHigher && limit !== higherLimit) return
  }
  if (limit !== state.limit && state.limitSource === "server") {
    state.anchor = null
    state.refill = null
  }
  state.limit = limit
  state.provenLimit = limit
  state.limitSource = "server"
  if (!response.rateLimited) Held.begin(state)
  state.limitSentAt = request.sentAt
}

const accept = (context: Context): void => {
  const { config, request, response, state } = context
  const { gate, sinceRateLimit } = state
  trimCeilingLog(context)
  const reopens = gate !== null && request.sentAt >= gate.untilMs
  if (reopens || gate === null) state.rateLimits = 0
  if (reopens) state.gate = null
  state.sinceRateLimit = {
    startMs: sinceRateLimit?.startMs ?? request.sentAt,
    count: (sinceRateLimit?.count ?? 0) + 1,
  }
  if (config.schedule === false) return showRemaining(context)
  // What remains of another limit, since changed, says nothing about this one.
  const outdated = response.limit !== undefined && Math.max(1, response.limit) !== state.limit
  if (response.remaining === undefined || outdated || isDoubtful(context, response.remaining)) {
    startNewWindow(context)
  } else reconcile(context, response.remaining)
  if (!State.isUnlogged(request)) return
  State.recordSend(state, request, state.nowMs)
  // Sent before the 429 that set the limit, and accepted anyway: the limit is at least that.
  if (state.limitSource === "rateLimit" && state.gate !== null) {
    state.limit = Math.max(state.limit, Window.countInWindow(state, request.sentAt))
  }
}

/** Checks whether `Remaining` says nothing: the whole limit once, or 0 again and again without a 429. */
const isDoubtful = ({ state }: Context, remaining: number): boolean => {
  const { doubt, limit } = state
  if (remaining >= limit) {
    state.doubt = { ...doubt, whole: doubt.whole + 1, zeros: 0 }
    return state.doubt.whole < Tuning.wholesToOffset
  }
  if (remaining > 0) {
    if (doubt.zeros > 0) state.doubt = { ...doubt, zeros: 0 }
    return false
  }
  if (doubt.whole > 0) state.doubt = { ...doubt, whole: 0 }
  return doubt.zeros >= doubt.patience
}

/** Counts an unexplained 0. */
const countZero = ({ state }: Context): void => {
  state.doubt = { ...state.doubt, zeros: state.doubt.zeros + 1 }
}

/** Keeps no more own sends than the ceiling looks at. */
const trimCeilingLog = ({ config: { ceiling }, state }: Context): void => {
  if (ceiling === undefined) return
  const surplus = SendLog.size(state.ceilingLog) - State.ceilingCount(ceiling)
  state.ceilingLog = SendLog.dropOldest(state.ceilingLog, surplus)
}

/** Keeps only the server's last count, for the snapshot of a pacer without a schedule. */
const showRemaining = ({ response, state }: Context): void => {
  const now = state.nowMs
  const count = response.remaining === undefined ? 0 : state.limit - response.remaining
  state.log = SendLog.add(SendLog.empty, { at: now, windowStart: now, sentAt: now, count }, 0)
}

/** Takes an accepted scout, without `Remaining`, as proof that the sends due when it left are forgotten. */
const startNewWindow = ({ previous, request, state }: Context): void => {
  if (previous.scoutId !== request.id) return
  const gone = Window.countDue(state, request.sentAt)
  if (gone === 0) return
  state.log = SendLog.dropOldest(state.log, gone)
  Window.confirm(state, gone)
}

/** Compares the server's count with the log's. Numbers of sends. */
interface Comparison {
  /** The server's count, this request included. */
  readonly used: number
  /** Those of the log that were due when the request left. */
  readonly due: number
  /** Those of the log that the server has forgotten for certain, oldest first. */
  readonly forgotten: number
  /** Of those, how many a sliding log could not have forgotten yet. */
  readonly early: number
  /** It has forgotten a send so soon that it must refill. */
  readonly tooSoon: boolean
  /** It says so in response to a request that went alone. */
  readonly alone: boolean
  /** The most that the server can count if the window is right. */
  readonly explained: number
  /** Counted beyond that, though due: the window is longer, or they belong to another client. */
  readonly overdue: number
  /** Counted beyond everything in the log: another client's. */
  readonly unaccounted: number
}

const compare = (context: Context, used: number, overtaken: number): Comparison => {
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
  const newest = SendLog.runOf(log, forgotten)?.sentAt ?? Number.NEGATIVE_INFINITY
  const tooSoon = early > 0 && sentAt - newest <= Tuning.shortestWindowMs
  const alone = wentAlone(context)
  return {
    used,
    due,
    forgotten,
    early,
    tooSoon,
    alone,
    explained,
    overdue: surplus - unaccounted,
    unaccounted,
  }
}

/** Checks whether a request went alone. Others cannot tell a refill: a window may turn in the middle of a burst. */
const wentAlone = ({ request, state: { inFlight, log } }: Context): boolean =>
  (log.at(-1)?.at ?? 0) <= request.sentAt && inFlight.every(({ sentAt }) => sentAt > request.sentAt)

/** Corrects the log by the server's count at the moment when it counted this request. */
const reconcile = (context: Context, remaining: number): void => {
  const { request, state } = context
  const offset = state.doubt.whole >= Tuning.wholesToOffset ? 1 : 0
  const used = Math.max(1, state.limit - remaining + offset)
  // Responses that overtook this one dropped them from the log.
  const overtaken = SendLog.size(state.dropped.filter((drop) => drop.sentAt >= request.sentAt))
  const seen = compare(context, used, overtaken)
  const { due, explained, forgotten, overdue, unaccounted } = seen
  if (wasHeld(context)) learnFromHeld(context, seen)
  recordDrop(context, forgotten)
  state.log = SendLog.dropOldest(state.log, forgotten)
  const { log } = state
  recogniseKind(context, seen, remaining)
  if (state.refill !== null && unaccounted === 0) return Window.distrust(state)
  const others = unaccounted > 0 || SendLog.hasUnaccounted(log)
  if (overdue > 0 && forgotten === 0 && !others && !state.windowKnown) {
    const age = request.sentAt + Window.minRoundTrip(state) - (state.log[0]?.at ?? request.sentAt)
    if (age > state.windowMs * Tuning.leastShorterFactor) {
      state.windowMs = age
      Held.restart(context.config, state, 0)
    }
    return Window.distrust(state)
  }
  if (overdue + unaccounted > 0) {
    if (remaining === 0 && state.limit > 1) countZero(context)
    // Another client spends too: sends that are due and still counted are its own, as if sent now.
    const [at, sentAt, count] = [state.nowMs, SendLog.unaccounted, overdue + unaccounted]
    const left = SendLog.dropOldest(log, Math.min(Math.max(0, due - forgotten), overdue))
    const theirs = { at, windowStart: at, sentAt, count }
    state.log = SendLog.add(left, theirs, State.logResolution(state))
    return Window.distrust(state)
  }
  if (used === explained && overtaken === 0) markCounted(context)
  Window.confirm(state, forgotten < due ? 0 : due)
}

/** Marks the requests in flight as counted: only they explain the server's count. */
const markCounted = ({ state }: Context): void => {
  const least = Window.minRoundTrip(state)
  const now = state.nowMs
  state.inFlight = state.inFlight.map((other) =>
    other.countedBy === undefined && other.sentAt + least <= now
      ? { ...other, countedBy: now }
      : other,
  )
}

/** Recognises the kind of limiter by how it forgets: whole windows, an even refill, or send by send. */
const recogniseKind = (context: Context, seen: Comparison, remaining: number): void => {
  const { state } = context
  const { alone, due, early, forgotten, overdue, tooSoon, used } = seen
  const { limit } = state
  const turned = limit * Tuning.turnedShare
  if (early >= Math.max(1, turned) && used - 1 <= turned) state.fixedWindow = true
  else if (forgotten > 0 && used - 1 > turned) Window.slide(state)
  if (state.fixedWindow && early > 0) state.log = SendLog.restartWindows(state.log, state.nowMs)
  state.anchor = moveAnchor(context, remaining)
  const hadRoom = (state.anchor?.level ?? 0) > 1
  const slowly = hadRoom && !state.windowKnown && forgotten > 0 && overdue > 0
  const overdueStays = slowly && overdue >= due * Tuning.refillOverdueShare
  const turnedAtOnce = used === 1 && forgotten > turned
  const before = turnedAtOnce ? null : state.refill
  const pace = used > 1 ? estimateRefill(context, remaining, before) : before
  const isFast = pace !== null && tooSoon && pace.intervalMs * limit < state.windowMs
  const isSlow = overdueStays && used - 1 > turned
  state.refill = before !== null || (alone && (isFast || isSlow)) ? pace : null
}

/** Checks whether this answers the request that was held back. */
const wasHeld = ({ previous, request }: Context): boolean => previous.held.id === request.id

/** Learns whether the window is shorter: sends that went together must have been forgotten together. */
const learnFromHeld = ({ config, state }: Context, { early, used }: Comparison): void => {
  const together = !Held.isSpread(state, state.held.ageMs)
  const many = used - 1 > state.limit * Tuning.turnedShare
  Held.learn(config, state, early > 0 && !(together && many))
}

/** Takes the newest response that says that all was forgotten for the anchor, else the first; counts what is sent since. */
const moveAnchor = (context: Context, remaining: number): State.PacerState["anchor"] => {
  const { sentAt } = context.request
  const { anchor, limit, nowMs: seenMs } = context.state
  // Nothing is in use but this request: a bucket was full, so its level is known to the fraction.
  if (remaining >= limit - 1) return { sentAt, seenMs, level: limit - 1, count: 0 }
  if (anchor === null) return { sentAt, seenMs, level: remaining + 1, count: 0 }
  return sentAt >= anchor.seenMs ? { ...anchor, count: anchor.count + 1 } : anchor
}

/**
 * Estimates a lower bound of a refill's pace: those accepted and remaining since the anchor, beyond its level. An
 * estimate that is too slow costs nothing, since the next `Remaining` corrects it.
 */
const estimateRefill = (
  context: Context,
  remaining: number,
  before: State.Refill | null,
): State.Refill | null => {
  const { counted, sentAt } = context.request
  const { anchor, nowMs: sinceMs } = context.state
  const count = anchor === null ? 0 : counted + 1 + remaining - anchor.level
  if (anchor === null || sentAt < anchor.seenMs || (before === null && count < 1)) {
    return before === null ? null : { ...before, sinceMs }
  }
  const intervalMs = (sentAt - anchor.sentAt) / Math.max(Tuning.leastRefillCount, count)
  return { intervalMs, sinceMs, rateLimited: before?.rateLimited ?? 0 }
}

/**
 * Records sends that the log has dropped but that a response still to come, to a request sent no later, may count. If
 * another client spends, a surplus is more likely its own.
 */
const recordDrop = ({ request, state }: Context, forgotten: number): void => {
  const { sentAt } = request
  const oldest = state.inFlight[0]?.sentAt ?? Number.POSITIVE_INFINITY
  const kept = state.dropped.filter((drop) => drop.sentAt >= oldest)
  const matters = forgotten > 0 && oldest <= sentAt && !SendLog.hasUnaccounted(state.log)
  state.dropped = matters ? [...makeRoom(kept), { sentAt, count: forgotten }] : kept
}

/** Joins the two oldest if there are many: a request that is very late must not let thousands gather. */
const makeRoom = (dropped: Drops): Drops => {
  const [first, second, ...rest] = dropped
  if (dropped.length < Tuning.largestDropCount || first === undefined || second === undefined) {
    return dropped
  }
  const sentAt = Math.max(first.sentAt, second.sentAt)
  return [{ sentAt, count: first.count + second.count }, ...rest]
}
