/** `aelyst sandbox`: runs the sandbox's command in this process. */
import { runSandbox } from "@aelyst/sandbox/command"

/** Runs the sandbox's command; resolves to its exit code. The first signal stops it, the second ends the process. */
export const run = (args: ReadonlyArray<string>, version: string): Promise<number> => {
  const stop = new AbortController()
  const { env, stdout, stderr } = process
  for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(code)
      stop.abort(signal)
    })
  }
  const io = { stdout, stderr, env, signal: stop.signal, version, program: "aelyst sandbox" }
  return runSandbox(args, io)
}
