/** Reports a failure of `aelyst sandbox` as every command does. */
import type { SandboxProblem } from "@aelyst/sandbox/command"

import type { Report } from "./Report.ts"
import * as Reports from "./Report.ts"
import { Printer, lookOf } from "./Screen.ts"

/** Returns the report of a problem. */
export const reportOf = ({ exit, hints, message }: SandboxProblem): Report => ({
  exit: exit === 8 ? "network" : "usage",
  exitCode: exit,
  code: exit === 8 ? "NETWORK" : "USAGE",
  headline: message,
  details: hints,
  members: { name: "Failure", attempts: 0, outcome: "not_sent" },
})

/** Prints a problem on stderr, as the flags of the look say. */
export const print = (problem: SandboxProblem, args: ReadonlyArray<string>): void => {
  const { env, stdout, stderr } = process
  Reports.print(reportOf(problem), new Printer({ ...lookOf(args), env, stdout, stderr }))
}
