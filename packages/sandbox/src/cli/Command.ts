/**
 * The command `aelyst-sandbox`, as a function: arguments and streams in, exit code out.
 */
import { spawn } from "node:child_process"
import { constants } from "node:os"

import * as Arguments from "./Arguments.ts"
import { isConfigError, isRecord } from "../api/Config.ts"
import * as Console from "./Console.ts"
import { UsageError } from "./FlagValue.ts"
import { commandHelp, verbHelp } from "./Help.ts"
import { Sandbox } from "../Sandbox.ts"
import type { FaultSpec, SandboxIo, SandboxProblem } from "../types.ts"

export * as Flags from "./Flags.ts"
export type { SandboxIo, SandboxProblem } from "../types.ts"

const DEFAULT_PORT = 4242

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined

/** Starts on the given port, or on the first free one from the default port on. */
const start = async ({ options, port }: Arguments.Invocation): Promise<Sandbox> => {
  if (port !== undefined) return Sandbox.start({ ...options, port })
  for (let next = DEFAULT_PORT; next < DEFAULT_PORT + 100; next++) {
    try {
      return await Sandbox.start({ ...options, port: next })
    } catch (error) {
      if (codeOf(error) !== "EADDRINUSE") throw error
    }
  }
  return Sandbox.start(options)
}

const cannotListen = {
  EADDRINUSE: "the port is in use; choose another one with --port",
  EACCES: "not allowed to listen on this port; choose one above 1023 with --port",
  EADDRNOTAVAIL: "this machine does not have the address of --host",
} as const

const isListenCode = (code: unknown): code is keyof typeof cannotListen =>
  typeof code === "string" && Object.hasOwn(cannotListen, code)

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })

const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const

/** Returns the signal that the command was stopped with. */
const signalOf = ({ reason }: AbortSignal): (typeof signals)[number] =>
  signals.find((name) => name === reason) ?? "SIGINT"

/** Returns the exit code after a signal; a system without the signal has no number for it. */
const exitCodeOf = (signal: (typeof signals)[number]): number =>
  128 + (constants.signals[signal] ?? constants.signals.SIGINT)

/** Stops the command on the first signal of this process; the second ends the process at once. */
export const stopOnSignals = (): AbortSignal => {
  const stop = new AbortController()
  for (const signal of signals) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCodeOf(signal))
      stop.abort(signal)
    })
  }
  return stop.signal
}

const programOf = ({ program = "aelyst-sandbox" }: SandboxIo): string => program

/** Prints why the command failed; returns its exit code. */
const report = (io: SandboxIo, exit: number, message: string, ...hints: Array<string>): number => {
  const problem: SandboxProblem = { exit, message, hints }
  if (io.report !== undefined) io.report(problem)
  else io.stderr.write(`${[`error: ${message}`, ...hints.map((hint) => `  ${hint}`)].join("\n")}\n`)
  return exit
}

const logTo = (sandbox: Sandbox, io: SandboxIo, paint: Console.Paint): void => {
  sandbox.subscribe((event) => {
    if (event.type === "response") io.stderr.write(Console.requestLine(event.request, paint))
  })
}

const serve = async (invocation: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  await using sandbox = await start(invocation)
  const paint = Console.makePaint(io.stderr.isTTY === true, io.env, invocation.noColor)
  io.stderr.write(Console.banner(sandbox, invocation.options, paint, io.env))
  if (!invocation.quiet) logTo(sandbox, io, paint)
  await stopped(io.signal)
  return exitCodeOf(signalOf(io.signal))
}

/** Runs a command with both variables set; returns its exit code. */
const exec = async (invocation: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  const { command, options, port } = invocation
  await using sandbox = await Sandbox.start({ ...options, port: port ?? 0 })
  const [file = "", ...args] = command
  const child = spawn(file, args, {
    stdio: "inherit",
    // npm and similar commands are scripts there
    shell: process.platform === "win32",
    env: { ...io.env, AELYST_BASE_URL: sandbox.baseUrl, AELYST_TOKEN: sandbox.tokens.ok },
  })
  const forward = () => void child.kill(signalOf(io.signal))
  if (io.signal.aborted) forward()
  else io.signal.addEventListener("abort", forward, { once: true })
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject)
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
  } catch (error) {
    return codeOf(error) === "ENOENT"
      ? report(io, 127, `command not found: ${Console.visible(file)}`, "check its name and PATH")
      : report(
          io,
          126,
          `cannot start ${Console.visible(file)} (${String(codeOf(error))})`,
          "check that it is a program that you may run",
        )
  } finally {
    io.signal.removeEventListener("abort", forward)
  }
}

/** Reads the message of an error response of the admin API. */
const messageOf = (text: string): string | undefined => {
  try {
    const body: unknown = JSON.parse(text)
    return isRecord(body) && typeof body["message"] === "string" ? body["message"] : undefined
  } catch {
    return undefined
  }
}

/** Returns the origin of the running sandbox: at `--port`, else that of AELYST_BASE_URL, else at the default port. */
const runningAt = ({ port }: Arguments.Invocation, { env }: SandboxIo): string => {
  const named = env["AELYST_BASE_URL"] ?? ""
  if (port !== undefined || named === "") return `http://127.0.0.1:${port ?? DEFAULT_PORT}`
  const url = URL.canParse(named) ? new URL(named) : undefined
  // the sandbox speaks only http; an https URL is that of a real account
  if (url?.protocol === "http:") return url.origin
  throw new UsageError(
    url === undefined
      ? "AELYST_BASE_URL is not a URL"
      : `AELYST_BASE_URL is ${url.origin}, which is not a sandbox: those begin with http://`,
    "name the sandbox's port with --port, or set AELYST_BASE_URL to the URL that it printed",
  )
}

const notRunning = (io: SandboxIo, origin: string): number =>
  report(
    io,
    8,
    `no sandbox is running at ${origin}`,
    `start one: ${programOf(io)}, or name its port with --port`,
  )

/** Sends one request to the admin API of a running sandbox. */
const callAdmin = async (
  invocation: Arguments.Invocation,
  io: SandboxIo,
  path: string,
  body: FaultSpec | undefined,
): Promise<number> => {
  const origin = runningAt(invocation, io)
  try {
    const response = await fetch(`${origin}/_sandbox/${path}`, {
      method: "POST",
      signal: io.signal,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    })
    const text = await response.text()
    if (response.ok) {
      io.stdout.write(`${text}\n`)
      return 0
    }
    const message = messageOf(text) ?? `${origin} responded with ${response.status}`
    return report(io, 2, Console.visible(message), `check that ${origin} is a sandbox with --admin`)
  } catch {
    return notRunning(io, origin)
  }
}

/** Returns the command that opens an address in a browser. */
const openerOf = (env: SandboxIo["env"]): readonly [file: string, ...args: ReadonlyArray<string>] =>
  env["BROWSER"] !== undefined && env["BROWSER"] !== ""
    ? [env["BROWSER"]]
    : process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", ""]
        : ["xdg-open"]

/** Opens the inspector of a running sandbox in a browser; prints its address on stdout in any case. */
const open = async (invocation: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  const origin = runningAt(invocation, io)
  const url = `${origin}/_sandbox`
  const found = await fetch(`${url}/health`, { signal: io.signal }).then(
    (response) => response.ok,
    () => false,
  )
  if (!found) return notRunning(io, origin)
  io.stdout.write(`${url}\n`)
  const [file, ...args] = openerOf(io.env)
  const child = spawn(file, [...args, url], {
    stdio: "ignore",
    detached: true,
    env: { ...io.env },
  })
  const started = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false))
    child.once("spawn", () => resolve(true))
  })
  child.unref()
  if (!started) io.stderr.write(`cannot start ${file}: open the address in a browser\n`)
  return 0
}

const dispatch = (invocation: Arguments.Invocation, io: SandboxIo): number | Promise<number> => {
  switch (invocation.verb) {
    case "start":
      return serve(invocation, io)
    case "exec":
      return exec(invocation, io)
    case "fault":
      return callAdmin(invocation, io, "faults", invocation.fault)
    case "reset":
      return callAdmin(invocation, io, "reset", undefined)
    case "open":
      return open(invocation, io)
    case "help":
      io.stdout.write(
        invocation.topic === undefined
          ? commandHelp(programOf(io))
          : verbHelp(programOf(io), invocation.topic),
      )
      return 0
    case "version":
      io.stdout.write(`${programOf(io)} v${io.version ?? "0.0.0"}\n`)
      return 0
  }
}

/**
 * Runs the command; resolves with its exit code.
 *
 * **Details**
 *
 * `start` serves until the signal aborts: 128 and the number of the signal, its reason, such as 130 after SIGINT. `exec`
 * returns the exit code of its command. 2 for invalid flags and a given port that is in use, 8 if no sandbox responds.
 */
export const runSandbox = async (argv: ReadonlyArray<string>, io: SandboxIo): Promise<number> => {
  const program = programOf(io)
  try {
    return await dispatch(Arguments.read(argv, program), io)
  } catch (error) {
    const help = `help:  ${program} --help`
    if (error instanceof UsageError) {
      const { hints, message } = error
      return report(io, 2, message, ...(hints.length === 0 ? [help] : hints))
    }
    if (isConfigError(error)) {
      // these options are flags of the same name
      return report(io, 2, error.message.replace(/^`(data|fields|host|limit|seed)`/, "--$1"), help)
    }
    const code = codeOf(error)
    if (isListenCode(code)) return report(io, 2, `${cannotListen[code]} (${code})`)
    throw error
  }
}
