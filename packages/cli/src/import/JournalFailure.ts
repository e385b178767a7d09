/** Reports that a journal cannot be used. */
import type { JournalError } from "@aelyst/journal"

import { Failure } from "../Failure.ts"
import { visible } from "../Text.ts"

/** Returns the failure of an operation of a journal. */
export const journalFailure = ({ advice, path, problem }: JournalError): Failure =>
  new Failure({
    exit: "usage",
    code: "JOURNAL",
    message: `${visible(path)}: ${visible(problem)}`,
    hints: [`fix:   ${advice}`],
  })
