/** The error of a wrong option, without Effect: core's `ConfigurationError` recognises it by its brand. */

/**
 * Reports an option that is wrong; the message names it, the rule, and a number that was given.
 *
 * **Example**
 *
 * ```ts
 * import { OptionError } from "@aelyst/core/shared-store"
 *
 * const error = new OptionError("instances", "must be an integer of at least 1", 0)
 * console.log(error.message) // => `instances` must be an integer of at least 1 (got 0)
 * ```
 */
export class OptionError extends TypeError {
  readonly _tag = "ConfigurationError"
  readonly code = "ERR_AELYST_CONFIG"
  override readonly name = "ConfigurationError"
  readonly option: string
  constructor(option: string, rule: string, given?: unknown) {
    super(`\`${option}\` ${rule}${typeof given === "number" ? ` (got ${given})` : ""}`)
    this.option = option
  }
  /** Marks the error in every copy of this package. */
  get [Symbol.for("@aelyst/core/ConfigurationError")](): true {
    return true
  }
}

/** Checks whether an error reports a wrong option, from any copy of this package. */
export const isOptionError = (error: unknown): boolean =>
  error instanceof TypeError && "code" in error && error.code === "ERR_AELYST_CONFIG"
