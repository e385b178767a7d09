/**
 * The calls of one client on their way between Promises and Effects: each is run once, ends once, and is counted until
 * then, so that closing can wait for it or end it.
 */
import * as Core from "@aelyst/core"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import { makeWith } from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import { setHeaders } from "effect/http/HttpClientRequest"

import type { CheckedCall } from "./Options.ts"
import type { Hooks, Outcome, ResponseHead } from "./types.ts"

/** What one call adds to its requests, and what it keeps of the last answer. */
class Extras {
  readonly headers: Readonly<Record<string, string>>
  head: ResponseHead = { status: 0, headers: {} }
  readonly adds: boolean
  constructor(headers: Readonly<Record<string, string>>) {
    this.headers = headers
    this.adds = Object.keys(headers).length > 0
  }
}

const CallExtras = Context.Reference<Extras | undefined>("@aelyst/node/CallExtras", {
  defaultValue: () => undefined,
})

/** Lets calls add headers to their requests, and keep status and headers of their answers. */
export const withExtras = (http: HttpClient.HttpClient): HttpClient.HttpClient =>
  makeWith<HttpClientError, never, HttpClientError, never>(
    (prepared) =>
      Effect.withFiber((fiber) => {
        const extras = fiber.getRef(CallExtras)
        if (extras === undefined) return http.postprocess(prepared)
        const request = extras.adds
          ? Effect.map(prepared, (plain) => setHeaders(plain, extras.headers))
          : prepared
        return Effect.map(http.postprocess(request), (reply) => {
          extras.head = { status: reply.status, headers: reply.headers }
          return reply
        })
      }),
    (request) => http.preprocess(request),
  )

/** How a call ended. */
export type Ended =
  | {
      readonly _tag: "Created"
      readonly value: Core.CreateResult
      readonly head: ResponseHead
      readonly outcome: "created"
    }
  | { readonly _tag: "Failed"; readonly error: Core.AelystError; readonly outcome: Outcome }
  | { readonly _tag: "Aborted"; readonly reason: unknown; readonly outcome: Outcome | "created" }
  | { readonly _tag: "Died"; readonly defect: unknown; readonly outcome: Outcome }

interface Running {
  /** Ends it at once. */
  end: () => void
  /** Resolves when it has ended; never rejects. */
  ended: Promise<unknown>
}

const noop = () => undefined
const nothing = Promise.resolve()

/** The calls of one client that are under way. */
export class Calls {
  readonly #context: Context.Context<never>
  readonly #hooks: Hooks
  readonly #running = new Set<Running>()
  #closed = false

  constructor(context: Context.Context<never>, hooks: Hooks) {
    this.#context = context
    this.#hooks = hooks
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The context that Effects of this client run in, with its hooks. */
  get context(): Context.Context<never> {
    return Context.add(this.#context, Core.Observer, callbacksOf(this.#hooks))
  }

  /** Runs one create; settles in any case. */
  run(
    effect: Effect.Effect<Core.CreateResult, Core.AelystError>,
    call: CheckedCall,
  ): Promise<Ended> {
    if (this.#closed) return Promise.resolve(unavailable([]))
    const { signal } = call
    if (signal?.aborted === true) {
      return Promise.resolve({ _tag: "Aborted", reason: signal.reason, outcome: "not_sent" })
    }
    const extras = new Extras(call.headers)
    const attempts: Array<Core.AttemptRecord> = []
    let outcome: Outcome | "created" | undefined
    const observer: Core.Callbacks = {
      ...callbacksOf(this.#hooks),
      onAttempt: (attempt) => {
        attempts.push(attempt)
        this.#hooks.onAttempt?.(attempt)
      },
      onOutcome: (end) => {
        outcome = end.outcome
        this.#hooks.onOutcome?.(end)
      },
    }
    const context = this.#context.pipe(
      Context.add(Core.Observer, observer),
      Context.add(CallExtras, extras),
    )
    let end: () => void = noop
    const ended = new Promise<Ended>((resolve) => {
      const interrupt = Effect.runCallbackWith(context)(effect, {
        onExit: (exit) => {
          signal?.removeEventListener("abort", abort)
          if (Exit.isSuccess(exit)) {
            const { value } = exit
            return resolve({ _tag: "Created", value, head: extras.head, outcome: "created" })
          }
          const error = Exit.findErrorOption(exit)
          if (error._tag === "Some") {
            return resolve({ _tag: "Failed", error: error.value, outcome: error.value.outcome })
          }
          if (!Cause.hasInterruptsOnly(exit.cause)) {
            const defect = Cause.squash(exit.cause)
            // after a bug of ours nobody can say what became of the contact
            return resolve({ _tag: "Died", defect, outcome: "unknown" })
          }
          const known = outcome ?? "not_sent"
          if (signal?.aborted === true) {
            return resolve({ _tag: "Aborted", reason: signal.reason, outcome: known })
          }
          return resolve(known === "not_sent" ? unavailable(attempts) : cut(attempts))
        },
      })
      const abort = () => interrupt()
      end = abort
      signal?.addEventListener("abort", abort, { once: true })
    })
    this.track({ end: () => end(), ended })
    return ended
  }

  /** Counts something until it has ended. */
  track(running: Running): void {
    this.#running.add(running)
    void running.ended.finally(() => {
      this.#running.delete(running)
      // V8 chains the former tables of a set: what left it can outlive many minor collections, and its call with it
      running.end = noop
      running.ended = nothing
    })
  }

  /** Takes no more calls, waits for those under way, and ends what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    const all = () => Promise.allSettled([...this.#running].map(({ ended }) => ended))
    if (this.#running.size > 0) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, timeoutMs)
      })
      await Promise.race([all(), late])
      clearTimeout(timer)
    }
    for (const { end } of this.#running) end()
    await all()
  }
}

const callbacksOf = ({ onAttempt, onWait, onOutcome }: Hooks): Core.Callbacks => ({
  ...(onAttempt !== undefined && { onAttempt }),
  ...(onWait !== undefined && { onWait }),
  ...(onOutcome !== undefined && { onOutcome }),
})

const unavailable = (attempts: ReadonlyArray<Core.AttemptRecord>): Ended => ({
  _tag: "Failed",
  error: new Core.UnavailableError({ attempts, reason: "closed" }),
  outcome: "not_sent",
})

const cut = (attempts: ReadonlyArray<Core.AttemptRecord>): Ended => ({
  _tag: "Failed",
  error: new Core.OutcomeUnknownError({ attempts, code: "CLOSED" }),
  outcome: "unknown",
})
