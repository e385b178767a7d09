/**
 * Creates an error class from its definition: one object with its sentences, its outcome and whether it can be retried.
 * The message, the docs and the JSON form are read from it or checked against it by type.
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import { millis } from "effect/Duration"
import * as Redacted from "effect/Redacted"

import type { AttemptRecord, Outcome, RateLimitInfo, ResponseHead } from "../types.ts"

/** Marks every error of this package, in every copy of it; the value is the error's tag. */
export const AelystErrorTypeId = Symbol.for("@aelyst/core/AelystError")

/** Holds the fields that every error is made with, in addition to those of its class. */
export interface Common {
  /** Every attempt of the call, oldest first; empty if nothing was tried. */
  readonly attempts: ReadonlyArray<AttemptRecord>
}

/** Holds the members that every error has, in addition to those of its class. */
export interface Members<O extends Outcome> extends Common {
  /** The outcome for the contact. */
  readonly outcome: O
  /** Whether sending the same again later may work and cannot create the contact twice. */
  readonly isRetryable: boolean
  /** The wait that was asked for, in milliseconds; undefined if none was. */
  readonly retryAfterMs: number | undefined
  /** `retryAfterMs` as a `Duration`. */
  readonly retryAfter: Duration.Duration | undefined
  /** The API's own words, if it sent some; kept out of inspection, JSON and logs. */
  readonly apiMessage: string | undefined
  /** The rate limit that the newest response reported; undefined if there was none. Kept out of inspection and JSON. */
  readonly rateLimit: RateLimitInfo | undefined
  /** The status and headers of the newest response; undefined if there was none. Kept out of inspection, JSON and logs. */
  readonly response: ResponseHead | undefined
  /** The address of the error's section in the docs. */
  readonly docs: string
}

interface Optional {
  readonly message?: string
  readonly retryAfterMs?: number | undefined
}

/** Describes a class made by `define`. */
export interface ErrorConstructor<Tag extends string, Fields, O extends Outcome, Fixed> {
  readonly definition: Sentences
  new (
    fields: Fields & Common & Optional,
  ): Cause.YieldableError & { readonly _tag: Tag; readonly name: Tag } & Readonly<Fields> &
    Members<O> &
    Fixed
}

type Sentence = string | ((fields: never) => string)

/** Holds the outcomes of a class and its sentences; one that depends on the fields is a function. */
interface Sentences {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly meaning: Sentence
  readonly fix?: Sentence
}

interface Definition<Tag, Fields, O, Fixed> extends Sentences {
  readonly tag: Tag
  readonly outcomes: ReadonlyArray<O & Outcome>
  /** Returns what happened, without a full stop. */
  readonly happened: (fields: Fields & Optional) => string
  /** The sentence about the contact. */
  readonly meaning: string | ((fields: Fields) => string)
  /** The sentence that names the next step. */
  readonly fix?: string | ((fields: Fields & Optional) => string)
  /** Default: never. */
  readonly isRetryable?: (fields: Fields) => boolean
  /** Members that are the same for all instances. */
  readonly fixed?: Fixed
}

/** Returns the tag of an error of this package, from any copy of it; undefined for every other value. */
export const tagOf = (u: unknown): unknown =>
  typeof u === "object" && u !== null ? Reflect.get(u, AelystErrorTypeId) : undefined

/**
 * Returns the address of an error's section in the docs.
 *
 * **Example**
 *
 * ```ts
 * import { docsUrl } from "@aelyst/core/adapter"
 *
 * console.log(docsUrl("RateLimitError")) // => https://github.com/aelyst/aelyst/blob/main/docs/errors.md#ratelimiterror
 * ```
 */
export const docsUrl = (tag: string): string =>
  `https://github.com/aelyst/aelyst/blob/main/docs/errors.md#${tag.toLowerCase()}`

// These may quote the contact, so they are kept apart from the error: nothing that inspects it can see them.
const apiMessages = new WeakMap<object, string>()
const rateLimits = new WeakMap<object, RateLimitInfo>()
const responses = new WeakMap<object, ResponseHead>()

const keep =
  <A>(map: WeakMap<object, A>) =>
  <E extends object>(error: E, value: A | undefined): E => {
    if (value !== undefined) map.set(error, value)
    return error
  }

/** Keeps the API's own words for an error; `apiMessage` reads them. Returns the error. */
export const withApiMessage = keep(apiMessages)

/** Keeps what the response said about the rate limit; `rateLimit` reads it, and `retryAfterMs` its wait. Returns the error. */
export const withRateLimit = keep(rateLimits)

/** Keeps the head of the response that an error comes from; `response` reads it. Returns the error. */
export const withResponse = keep(responses)

/**
 * Keeps the failure that an error comes from as its `cause`; returns the error. It is redacted, since the failure is not
 * ours and may hold a secret, and since inspection and loggers print causes.
 */
export const withCause = <E extends object>(error: E, failure: unknown): E =>
  Object.defineProperty(error, "cause", {
    value: Redacted.make(failure, { label: "cause" }),
    configurable: true,
  })

/** Creates the class that an error extends: fields, message, brand, and the members that every error has. */
export const define =
  <Fields extends object>() =>
  <const Tag extends string, const O extends Outcome, const Fixed = unknown>(
    definition: Definition<Tag, Fields, O, Fixed>,
  ): ErrorConstructor<Tag, Fields, O, Fixed> => {
    const { tag, outcomes, fixed } = definition
    class Base extends Data.TaggedError(tag)<Common & { readonly message: string }> {
      static readonly definition: Sentences = definition
      constructor(fields: Fields & Common & Optional) {
        const { retryAfterMs, attempts, ...own } = fields
        const { happened, meaning, fix } = definition
        const sentences = [
          `${happened(fields)}.`,
          typeof meaning === "string" ? meaning : meaning(fields),
          typeof fix === "function" ? fix(fields) : fix,
          docsUrl(tag),
        ]
        const message = sentences.filter((text) => text !== undefined).join(" ")
        super({ ...own, attempts, message: fields.message ?? message })
        if (retryAfterMs !== undefined) {
          Object.defineProperty(this, "retryAfterMs", { value: retryAfterMs, enumerable: true })
        }
      }
      static override [Symbol.hasInstance](u: unknown): boolean {
        return tagOf(u) === tag
      }
      get isRetryable(): boolean {
        // safe: the constructor put every field of `Fields` on the instance
        return definition.isRetryable?.(this as unknown as Fields) ?? false
      }
      get retryAfterMs(): number | undefined {
        return rateLimits.get(this)?.retryAfterMs
      }
      get retryAfter(): Duration.Duration | undefined {
        return this.retryAfterMs === undefined ? undefined : millis(this.retryAfterMs)
      }
      get apiMessage(): string | undefined {
        return apiMessages.get(this)
      }
      get rateLimit(): RateLimitInfo | undefined {
        return rateLimits.get(this)
      }
      get response(): ResponseHead | undefined {
        return responses.get(this)
      }
      override toJSON(): unknown {
        const outcome: unknown = Reflect.get(this, "outcome")
        const { message, isRetryable, retryAfterMs } = this
        const wait = retryAfterMs !== undefined && { retryAfterMs }
        return {
          ...this,
          ...fixed,
          ...wait,
          name: tag,
          message,
          outcome,
          isRetryable,
          docs: docsUrl(tag),
        }
      }
    }
    const members: Readonly<Record<PropertyKey, unknown>> = {
      // Node then prints the stack and the fields, where Effect would print the JSON form only
      [Symbol.for("nodejs.util.inspect.custom")]: undefined,
      [AelystErrorTypeId]: tag,
      docs: docsUrl(tag),
      ...(outcomes.length === 1 && { outcome: outcomes[0] }),
      ...fixed,
    }
    for (const key of Reflect.ownKeys(members)) {
      Object.defineProperty(Base.prototype, key, { value: members[key] })
    }
    // safe: the constructor takes and keeps `Fields`, and the members are those defined above
    return Base as unknown as ErrorConstructor<Tag, Fields, O, Fixed>
  }
