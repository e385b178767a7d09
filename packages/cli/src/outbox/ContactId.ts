/** Reads the id of a contact in an outbox. Anything else may be an address, so it is not shown. */
import * as Result from "effect/Result"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"

/** Reads an id. */
export const read = (text: string): Result.Result<string, Failure> =>
  /^c_[\w-]{1,64}$/.test(text)
    ? Result.succeed(text)
    : Result.fail(
        usage("invalid value for <id>: expected an id such as c_…", "ids:   aelyst outbox list"),
      )

/** Reports that an outbox has no contact with this id. */
export const unknown = (id: string): Failure =>
  usage(
    `the outbox has no contact ${id}; those that have ended are kept for some days`,
    "ids:   aelyst outbox list",
  )
