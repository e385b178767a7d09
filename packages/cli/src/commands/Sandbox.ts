/** `aelyst sandbox`: runs the sandbox's command in this process. */
import type { SandboxProblem } from "@aelyst/sandbox/command"
import { runSandbox, stopOnSignals } from "@aelyst/sandbox/command"

/** Runs the sandbox's command; resolves to its exit code. `all` are the arguments of the process, for the look of errors. */
export const run = async (
  args: ReadonlyArray<string>,
  version: string,
  all: ReadonlyArray<string>,
): Promise<number> => {
  const { env, stdout, stderr } = process
  const problems: Array<SandboxProblem> = []
  const code = await runSandbox(args, {
    stdout,
    stderr,
    env,
    signal: stopOnSignals(),
    version,
    program: "aelyst sandbox",
    report: (problem) => void problems.push(problem),
  })
  if (problems.length > 0) {
    // what prints errors takes longer to load than the sandbox takes to start
    const { print } = await import("../SandboxReport.ts")
    for (const problem of problems) print(problem, all)
  }
  return code
}
