/** The failures of the command itself, as data; the errors of a create come from core. */
import type { IssueCode } from "@aelyst/core"
import * as Data from "effect/Data"

import type { ErrorCode } from "./ErrorCode.ts"
import type { ExitName } from "./ExitCode.ts"

/**
 * Reports why the command itself failed.
 *
 * `message` is one line, `hints` are the lines below it: what it means and what to do. Neither holds a token or a value
 * of a contact.
 */
export class Failure extends Data.TaggedError("Failure")<{
  readonly exit: ExitName
  readonly code: ErrorCode | IssueCode
  readonly message: string
  readonly hints: ReadonlyArray<string>
}> {}

/** The hint that a command failed before its first request. */
export const unsent = "nothing was sent"

/** Creates the failure of a wrong invocation or setting. */
export const usage = (message: string, ...hints: ReadonlyArray<string>): Failure =>
  new Failure({ exit: "usage", code: "USAGE", message, hints })

/** Creates the failure of a file that cannot be used. */
export const file = (message: string, ...hints: ReadonlyArray<string>): Failure =>
  new Failure({ exit: "usage", code: "FILE", message, hints })
