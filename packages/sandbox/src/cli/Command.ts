/**
 * The command `aelyst-sandbox`, as a function: arguments and streams in, exit code out.
 */
import { spawn } from "node:child_process"
import { constants } from "node:os"

import * as Arguments from "./Arguments.ts"
import { isConfigError, isRecord } from "../api/Config.ts"
import * as Console from "./Console.ts"
import { Sandbox } from "../Sandbox.ts"
import type { FaultSpec, SandboxIo } from "../types.ts"

export type { SandboxIo } from "../types.ts"

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

const exitCodeOf = (reason: unknown): number => (reason === "SIGTERM" ? 143 : 130)

const logTo = (sandbox: Sandbox, io: SandboxIo, paint: Console.Paint): void => {
  sandbox.subscribe((event) => {
    if (event.type === "response") io.stderr.write(Console.requestLine(event.request, paint))
  })
}

const serve = async (invocation: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  await using sandbox = await start(invocation)
  const paint = Console.makePaint(io.stderr.isTTY === true, io.env, invocation.noColor)
  io.stderr.write(Console.banner(sandbox, invocation.options, paint))
  if (!invocation.quiet) logTo(sandbox, io, paint)
  await stopped(io.signal)
  return exitCodeOf(io.signal.reason)
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
  const forward = () => void child.kill(io.signal.reason === "SIGTERM" ? "SIGTERM" : "SIGINT")
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
    const missing = codeOf(error) === "ENOENT"
    io.stderr.write(
      missing
        ? `error: command not found: ${file}\n`
        : `error: cannot start ${file} (${String(codeOf(error))})\n`,
    )
    return missing ? 127 : 126
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

const notRunning = (url: string): string =>
  `error: no sandbox is running at ${url} (start one, or name its port with --port)\n`

/** Sends one request to the admin API of a running sandbox. */
const callAdmin = async (
  { port }: Arguments.Invocation,
  io: SandboxIo,
  path: string,
  body: FaultSpec | undefined,
): Promise<number> => {
  const url = `http://127.0.0.1:${port ?? DEFAULT_PORT}/_sandbox/${path}`
  try {
    const response = await fetch(url, {
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
    io.stderr.write(
      `error: ${Console.visible(messageOf(text) ?? `the sandbox responded with ${response.status}`)}\n`,
    )
    return 2
  } catch {
    io.stderr.write(notRunning(url))
    return 8
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
const open = async ({ port }: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  const url = `http://127.0.0.1:${port ?? DEFAULT_PORT}/_sandbox`
  const found = await fetch(`${url}/health`, { signal: io.signal }).then(
    (response) => response.ok,
    () => false,
  )
  if (!found) {
    io.stderr.write(notRunning(url))
    return 8
  }
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
      io.stdout.write(Arguments.usage(io.program ?? "aelyst-sandbox"))
      return 0
    case "version":
      io.stdout.write(`${io.program ?? "aelyst-sandbox"} v${io.version ?? "0.0.0"}\n`)
      return 0
  }
}

/**
 * Runs the command; resolves with its exit code.
 *
 * **Details**
 *
 * `start` serves until the signal aborts: 130 after SIGINT, 143 after SIGTERM (its reason). `exec` returns the exit code
 * of its command. 2 for invalid flags and a given port that is in use, 8 if no sandbox responds.
 */
export const runSandbox = async (argv: ReadonlyArray<string>, io: SandboxIo): Promise<number> => {
  try {
    return await dispatch(Arguments.read(argv), io)
  } catch (error) {
    const program = io.program ?? "aelyst-sandbox"
    if (error instanceof Arguments.UsageError || isConfigError(error)) {
      io.stderr.write(
        `error: ${error.message}\nusage: ${program} [start] [flags]     ${program} --help\n`,
      )
      return 2
    }
    const code = codeOf(error)
    if (isListenCode(code)) {
      io.stderr.write(`error: ${cannotListen[code]} (${code})\n`)
      return 2
    }
    throw error
  }
}
