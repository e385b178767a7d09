/** The error of an option that is wrong: a mistake in the program or its settings, never part of a create's errors. */
import * as Effect from "effect/Effect"

const TypeId = Symbol.for("@aelyst/core/ConfigurationError")

/**
 * Reports an option that is wrong: `option` is its name, the message says the rule and, unless it may be a
 * secret, the value.
 *
 * **Details**
 *
 * A layer fails with it; a wrong option of a call or a run is a defect, the same error. It is recognised by brand, so
 * `instanceof` also holds for an error of another copy of this package. `code` is the same for every package of Aelyst.
 * `return yield* new ConfigurationError(…)` fails, in a generator.
 *
 * **Example**
 *
 * ```ts
 * import { ConfigurationError } from "@aelyst/core"
 *
 * const error = new ConfigurationError("retries", "must be an integer between 0 and 100 (got -1)")
 * console.log(error.message) // => `retries` must be an integer between 0 and 100 (got -1)
 * console.log(error.code) // => ERR_AELYST_CONFIG
 * ```
 */
export class ConfigurationError extends TypeError {
  readonly _tag = "ConfigurationError"
  readonly code = "ERR_AELYST_CONFIG"
  readonly option: string
  override readonly name = "ConfigurationError"
  constructor(option: string, rule: string) {
    super(`\`${option}\` ${rule}`)
    this.option = option
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && Reflect.has(value, TypeId)
  }
  /** Marks the error in every copy of this package. */
  get [TypeId](): true {
    return true
  }
  /** Fails with the error when it is yielded, like the other errors of a create. */
  [Symbol.iterator](): Effect.EffectIterator<Effect.Effect<never, this>> {
    return Effect.fail(this)[Symbol.iterator]()
  }
}

/**
 * Shows a value in a message: numbers and short words as they are, anything else by its type.
 *
 * **Details**
 *
 * A text is shown only if it has fewer than 8 characters, since a token has at least that many, and if all of them are
 * letters, digits, spaces or `.,:/%_-`. A secret or an email address in the wrong place is not repeated.
 *
 * **Example**
 *
 * ```ts
 * import { ClientOptions } from "@aelyst/core/adapter"
 *
 * console.log(ClientOptions.show("soon")) // => "soon"
 * console.log(ClientOptions.show(-1)) // => -1
 * console.log(ClientOptions.show("ana@example.com")) // => a string of 15 characters
 * ```
 */
export const show = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return /^[\w .,:/%-]{0,7}$/.test(value)
        ? `"${value}"`
        : `a string of ${value.length} characters`
    case "number":
    case "boolean":
    case "undefined":
      return String(value)
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object"
    default:
      return `a ${typeof value}`
  }
}
