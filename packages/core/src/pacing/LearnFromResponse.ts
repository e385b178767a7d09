/** Learns from responses: the round trip, the limit, and which sends the server still counts. Pure. */
import { closeGate, holdGate } from "./LearnFromRateLimit.ts"
import { type Comparison, compare } from "./Comparison.ts"
import * as Doubt from "./HeaderDoubt.ts"
import * as FairShare from "./FairShare.ts"
import * as Held from "./HeldRequest.ts"
import { recogniseKind } from "./LimiterKind.ts"
import * as OtherLimit from "./OtherLimit.ts"
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
const learnLimit = ({ config, request, response, state }: Context): void => {
  state.hasResponse = true
  state.observedAt = state.nowMs
  state.roundTrip = RoundTrip.add(state.roundTrip, state.nowMs - request.sentAt, state.limit)
  if (response.limit === undefined || request.sentAt < state.limitSentAt) return
  const limit = Math.max(1, response.limit)
  if (Doubt.isUnconfirmed(state, limit, response.remaining ?? limit)) return
  if (limit !== state.limit && state.limitSource === "server") {
    state.anchor = null
    state.refill = null
  }
  state.limit = limit
  state.provenLimit = limit
  state.limitSource = "server"
  if (!response.rateLimited) Held.begin(config, state)
  state.limitSentAt = request.sentAt
}

const accept = (context: Context): void => {
  const { config, request, response, state } = context
  const { gate, sinceRateLimit } = state
  const reopens = gate !== null && request.sentAt >= gate.untilMs
  if (reopens || gate === null) {
    state.rateLimits = 0
    // What was sent before the 429 does not count as accepted since.
    state.sinceRateLimit = {
      startMs: sinceRateLimit?.startMs ?? request.sentAt,
      count: (sinceRateLimit?.count ?? 0) + 1,
    }
  }
  if (reopens) state.gate = null
  if (config.schedule === false) return showRemaining(context)
  OtherLimit.record(state)
  // What remains of another limit, since changed, says nothing about this one.
  const outdated = response.limit !== undefined && Math.max(1, response.limit) !== state.limit
  if (response.remaining === undefined || outdated || Doubt.isDoubtful(state, response.remaining)) {
    startNewWindow(context)
  } else reconcile(context, response.remaining)
  if (!State.isUnlogged(request)) return
  State.recordSend(state, request, state.nowMs)
  // Sent before the 429 that set the limit, and accepted anyway: the limit is at least that.
  if (state.limitSource === "rateLimit" && state.gate !== null) {
    state.limit = Math.max(state.limit, Window.countInWindow(state, request.sentAt))
  }
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

/** Corrects the log by the server's count at the moment when it counted this request. */
const reconcile = (context: Context, remaining: number): void => {
  const { request, state } = context
  const used = Math.max(1, state.limit - remaining + Doubt.remainingOffset(state))
  // Responses that overtook this one dropped them from the log.
  const overtaken = SendLog.size(
    state.dropped.filter((drop) => drop.sentAt + reorderMs(state) >= request.sentAt),
  )
  const seen = compare(context, used, overtaken)
  const { due, explained, forgotten, overdue, unaccounted } = seen
  if (seesOthers(context, seen)) FairShare.meet(state)
  FairShare.adapt(state, remaining)
  if (wasHeld(context)) learnFromHeld(context, seen)
  recordDrop(context, forgotten)
  state.log = SendLog.dropOldest(state.log, forgotten)
  const { log } = state
  recogniseKind(context, seen, remaining)
  if (state.refill !== null && unaccounted === 0) return Window.distrust(state)
  const others = unaccounted > 0 || State.hasOthers(context.config, state)
  if (overdue > 0 && forgotten === 0 && !others && !state.windowKnown) {
    const age = request.sentAt + Window.minRoundTrip(state) - (state.log[0]?.at ?? request.sentAt)
    if (age > state.windowMs * Tuning.leastLongerFactor) {
      state.windowMs = age
      Held.restart(context.config, state, 0)
    }
    return Window.distrust(state)
  }
  if (overdue + unaccounted > 0) {
    if (remaining === 0 && state.limit > 1) Doubt.countZero(state)
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

/** Checks whether the server counts others: those that were there when this pacer began, and while it shares with them. */
const seesOthers = ({ request, state }: Context, { unaccounted, used }: Comparison): boolean => {
  if (FairShare.isBeginning(state)) return unaccounted > 0
  if (state.others.perWindow === null) return false
  const oldest = request.sentAt - state.windowMs
  const own = SendLog.countWhere(
    state.log,
    ({ at, sentAt }) => at > oldest && sentAt !== SendLog.unaccounted,
  )
  return used > own + State.countInFlight(state) + 1
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

/** Checks whether this answers the request that was held back. */
const wasHeld = ({ previous, request }: Context): boolean => previous.held.id === request.id

/** Learns whether the window is shorter. */
const learnFromHeld = (context: Context, seen: Comparison): void => {
  const { config, state } = context
  const { early, used } = seen
  if (Held.isSearching(config, state)) {
    // Another client's sends count too: nothing is known.
    if (!SendLog.hasUnaccounted(state.log)) Held.learnSearch(config, state, lookOf(context, seen))
    return
  }
  // Sends that went together must have been forgotten together.
  const together = !Held.isSpread(state, state.held.ageMs)
  const many = used - 1 > state.limit * Tuning.turnedShare
  Held.learn(config, state, early > 0 && !(together && many))
}

/** Returns which sends of the log were forgotten, and which were not. */
const lookOf = ({ request, state }: Context, { forgotten, used }: Comparison): Held.Look => {
  const { log } = state
  // If all were, the window may have turned: that does not say more than the oldest does.
  const newest = used > 1 ? SendLog.runOf(log, forgotten) : log[0]
  const oldest = SendLog.runOf(log, forgotten + 1)
  return {
    forgottenMs: forgotten > 0 && newest !== undefined ? request.sentAt - newest.sentAt : undefined,
    countedMs: oldest === undefined ? 0 : request.sentAt - oldest.at,
  }
}

/**
 * Records sends that the log has dropped but that a response still to come, to a request sent no later, may count. If
 * another client spends, a surplus is more likely its own.
 */
const recordDrop = ({ request, state }: Context, forgotten: number): void => {
  const { sentAt } = request
  const oldest = state.inFlight[0]?.sentAt ?? Number.POSITIVE_INFINITY
  const kept = state.dropped.filter((drop) => drop.sentAt + reorderMs(state) >= oldest)
  const mayMatter = forgotten > 0 && oldest <= sentAt + reorderMs(state)
  const matters = mayMatter && !SendLog.hasUnaccounted(state.log)
  state.dropped = matters ? [...makeRoom(kept), { sentAt, count: forgotten }] : kept
}

/** Returns how much later than another a request can leave and still arrive before it: about as much as ways differ. */
const reorderMs = ({ roundTrip }: State.PacerState): number =>
  roundTrip.excessMs * Tuning.reorderShare

/** Joins the two oldest if there are many: a request that is very late must not let thousands gather. */
const makeRoom = (dropped: Drops): Drops => {
  const [first, second, ...rest] = dropped
  if (dropped.length < Tuning.largestDropCount || first === undefined || second === undefined) {
    return dropped
  }
  const sentAt = Math.max(first.sentAt, second.sentAt)
  return [{ sentAt, count: first.count + second.count }, ...rest]
}
