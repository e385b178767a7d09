/** One call in progress: the state that its steps share, its bounds, and everything it must release at its end. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Fiber } from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"

import type { Validated } from "../contact/Contact.ts"
import { UnavailableError } from "../errors/AelystError.ts"
import * as MonotonicClock from "../pacing/MonotonicClock.ts"
import type { OpenTicket } from "../pacing/Pacer.ts"
import type {
  CallConfig,
  CallEnd,
  ClientConfig,
  Created,
  CreatedResult,
  RateLimitInfo,
  WaitEvent,
} from "../types.ts"
import type { Gate } from "./AttemptGate.ts"
import { AttemptGate } from "./AttemptGate.ts"
import { CallRecord } from "./CallRecord.ts"
import type { BreakerPermit } from "./CircuitBreaker.ts"
import { defaultDeadlineMs, defaultMaxWaitMs } from "./ClientOptions.ts"
import type { DeadlineTimer } from "./DeadlineTimer.ts"
import type { Callbacks } from "./Hooks.ts"
import { Hooks, notify } from "./Hooks.ts"
import type { KeyLease } from "./KeyLock.ts"
import type { Lifetime } from "./Lifetime.ts"
import { logged } from "./Log.ts"
import type { Counters } from "./Metrics.ts"
import { Counting, noCounters } from "./Metrics.ts"
import { optionTable } from "./OptionTable.ts"
import type { TokenSource } from "./RequestOptions.ts"
import type { Success } from "./ResponseVerdict.ts"
import type { Resend } from "./RetryBudget.ts"
import type { CallError, RetryState } from "./RetryPolicy.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import type { RunScope } from "./RunScope.ts"
import { CreatesLeft, CurrentRun } from "./RunScope.ts"
import type { SharedState } from "./SharedState.ts"
import { isInstalled } from "./Tracing.ts"

export type { TokenSource } from "./RequestOptions.ts"

/** The parts that all calls of a client share. */
export interface ClientState {
  readonly http: HttpClient.HttpClient
  readonly config: ClientConfig
  readonly token: TokenSource
  readonly sharedState: SharedState
  readonly timer: DeadlineTimer
  /** The counters of the context that the client was made in. */
  readonly counters: Counters
  readonly lifetime: Lifetime
}

/** A call that ended with the contact in place. */
export interface CreateResult extends CallEnd, Created {
  readonly outcome: CreatedResult
  /** The status of the success; absent unless the result is `created`. */
  readonly status?: number
}

const policyOf = (
  { config, token }: ClientState,
  call: CallConfig,
  run: RunScope | undefined,
  now: number,
): RetryPolicy.RetryPolicy => {
  const delivery = call.delivery ?? config.delivery
  const deadlineMs = call.deadlineMs ?? config.deadlineMs ?? defaultDeadlineMs(delivery)
  return {
    delivery,
    retries: call.retries ?? config.retries,
    run: run !== undefined,
    renewsToken: !Redacted.isRedacted(token),
    existing: call.existing ?? optionTable.existing.default,
    doubtDelayMs: config.doubtDelayMs,
    maxWaitMs: call.maxWaitMs ?? config.maxWaitMs ?? defaultMaxWaitMs(run !== undefined),
    deadlineAt: run === undefined ? now + deadlineMs : run.deadlineAt,
  }
}

/** A response that confirmed the contact, and the rate limit that it reported. */
export interface Confirmed {
  readonly verdict: Success
  readonly info: RateLimitInfo
}

/** One call in progress. */
export class Call {
  readonly client: ClientState
  readonly valid: Validated
  readonly policy: RetryPolicy.RetryPolicy
  readonly timeoutMs: number
  /** Further headers of the request, by lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly run: RunScope | undefined
  readonly record: CallRecord
  readonly hooks: Callbacks
  readonly gate: Gate | undefined
  readonly createsLeft: number | undefined
  readonly counters: Counters
  readonly clock: Clock.Clock
  readonly isTraced: boolean
  /** Whether debug lines are logged: a call that logs none has no step for them. */
  readonly isDebug: boolean
  state: RetryState
  /** The error of the newest attempt that is sent again. */
  newest: CallError | undefined
  /** The response that confirmed the contact. */
  success: Confirmed | undefined
  // released at the end
  keyLease: KeyLease | undefined
  ticket: OpenTicket | undefined
  breakerPermit: BreakerPermit | undefined
  /** The resend that the retry budget pays for, until it is sent. */
  resend: Resend | undefined
  /** Whether the first attempt of a row is still to come. */
  isFresh = false

  constructor(
    client: ClientState,
    valid: Validated,
    options: CallConfig,
    fiber: Pick<Fiber<unknown, unknown>, "getRef">,
  ) {
    this.client = client
    this.valid = valid
    this.hooks = fiber.getRef(Hooks)
    this.gate = fiber.getRef(AttemptGate)
    this.createsLeft = fiber.getRef(CreatesLeft)
    const counters = fiber.getRef(Counting)
    this.counters = counters === noCounters ? client.counters : counters
    this.clock = fiber.getRef(Clock.Clock)
    this.isTraced = isInstalled(fiber)
    this.isDebug = LogLevel.isLessThanOrEqualTo(fiber.getRef(References.MinimumLogLevel), "Debug")
    const inDoubt = options.doubt === true
    this.state = RetryPolicy.begin(inDoubt)
    this.record = new CallRecord(this.now, inDoubt)
    this.run = fiber.getRef(CurrentRun)
    this.policy = policyOf(client, options, this.run, this.now)
    this.timeoutMs = options.timeoutMs ?? client.config.timeoutMs
    this.headers = options.headers
  }

  /** The time on the call's clock, in monotonic milliseconds. */
  get now(): number {
    return MonotonicClock.millisOf(this.clock)
  }

  /** Whether the run of the call has stopped. */
  get isStopped(): boolean {
    return this.run?.stopped() !== undefined
  }

  /** The time left until the deadline, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.policy.deadlineAt - this.now)
  }

  /** Counts this row as one that can still earn, until `endFresh`; does nothing for a single call. */
  beginFresh(): void {
    if (this.run === undefined) return
    this.isFresh = true
    this.client.sharedState.budget.beginFresh()
  }

  endFresh(): void {
    if (!this.isFresh) return
    this.isFresh = false
    this.client.sharedState.budget.endFresh()
  }

  /** Creates the error of a request that the client does not send. */
  unavailable(reason: UnavailableError["reason"], retryAfterMs?: number): UnavailableError {
    const { attempts } = this.record
    const waitMs = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs)
    return new UnavailableError({ attempts, reason, retryAfterMs: waitMs })
  }

  /** Decides what follows an event; fails if that is the end of the call. */
  *next(
    event: RetryPolicy.RetryEvent,
    now: number = this.now,
  ): Effect.fn.Return<Exclude<RetryPolicy.Step, { readonly _tag: "Fail" }>, CallError> {
    const step = RetryPolicy.next(this.policy, this.state, event, now)
    return step._tag === "Fail" ? yield* Effect.fail(step.error) : step
  }

  /** Fails with that error. */
  fail(reason: UnavailableError["reason"]): Effect.Effect<never, UnavailableError> {
    return Effect.suspend(() => Effect.fail(this.unavailable(reason)))
  }

  /** Whether a hook or the log hears of waits. */
  get isWatched(): boolean {
    return this.hooks.onWait !== undefined || this.isDebug
  }

  /** Reports a wait that begins to the hooks and the log. */
  announce(wait: WaitEvent): Effect.Effect<void> {
    const effect = notify(this.hooks.onWait, wait) ?? Effect.void
    if (!this.isDebug) return effect
    const entry = logged(Effect.annotateLogs(Effect.logDebug("waiting"), { ...wait }))
    return Effect.andThen(effect, entry)
  }

  /** Counts a wait that begins, and reports it. */
  reportWait(wait: WaitEvent & { readonly ms: number }): Effect.Effect<void> {
    return Effect.andThen(
      this.counters.wait(wait.reason, wait.ms),
      Effect.suspend(() => this.announce(wait)),
    )
  }

  /** Waits, unless the run of the call stops first. */
  orStopped<A, E>(wait: Effect.Effect<A, E>): Effect.Effect<A, E | UnavailableError> {
    if (this.run === undefined) return wait
    const stopped = Effect.flatMap(this.run.stopping, (reason) => this.fail(reason))
    return Effect.raceFirst(wait, stopped)
  }

  /** Waits at most until the deadline of the call. */
  beforeDeadline<A, E>(wait: Effect.Effect<A, E>): Effect.Effect<A, E | UnavailableError> {
    return Effect.timeoutOrElse(this.orStopped(wait), {
      duration: this.leftMs,
      orElse: () => this.fail("deadline"),
    })
  }
}
