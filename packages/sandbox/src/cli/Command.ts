/**
 * The command `aelyst-sandbox`, as a function: arguments and streams in, exit code out.
 */
import { spawn } from "node:child_process"
import { constants } from "node:os"

import * as Arguments from "./Arguments.ts"
import { isConfigError } from "../api/Config.ts"
import * as Console from "./Console.ts"
import { Sandbox } from "../Sandbox.ts"
import type { FaultSpec, SandboxIo } from "../types.ts"

export type { SandboxIo } from "../types.ts"

const DEFAULT_PORT = 4242

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined

/** Starts on the given port, or from the default one on the next that is free. */
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

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })

const exitCodeOf = (reason: unknown): number => (reason === "SIGTERM" ? 143 : 130)

const logTo = (sandbox: Sandbox, io: SandboxIo, paint: Console.Paint): void => {
  sandbox.subscribe((event) => {
    if (event.type === "answer") io.stderr.write(Console.requestLine(event.request, paint))
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

/** Runs a command with the two variables set; returns its exit code. */
const exec = async (invocation: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  const { command, options, port } = invocation
  await using sandbox = await Sandbox.start({ ...options, port: port ?? 0 })
  const [file = "", ...args] = command
  const child = spawn(file, args, {
    stdio: "inherit",
    // npm and the like are scripts there
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
    io.stderr.write(`error: ${file} could not be started${missing ? ": not found" : ""}\n`)
    return missing ? 127 : 126
  } finally {
    io.signal.removeEventListener("abort", forward)
  }
}

/** Sends one request to the control API of a sandbox that runs. */
const control = async (
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
    io.stderr.write(`error: the sandbox answered ${response.status} ${Console.visible(text)}\n`)
    return 2
  } catch {
    io.stderr.write(`error: no sandbox answers at ${url}\n`)
    return 8
  }
}

/** Names the program that shows an address to a person. */
const openerOf = (env: SandboxIo["env"]): readonly [file: string, ...args: ReadonlyArray<string>] =>
  env["BROWSER"] !== undefined && env["BROWSER"] !== ""
    ? [env["BROWSER"]]
    : process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", ""]
        : ["xdg-open"]

/** Shows the inspector of a sandbox that runs; its address is on stdout either way. */
const open = async ({ port }: Arguments.Invocation, io: SandboxIo): Promise<number> => {
  const url = `http://127.0.0.1:${port ?? DEFAULT_PORT}/_sandbox`
  const found = await fetch(`${url}/health`, { signal: io.signal }).then(
    (response) => response.ok,
    () => false,
  )
  if (!found) {
    io.stderr.write(`error: no sandbox answers at ${url}\n`)
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
  if (!started) io.stderr.write(`${file} could not be started: open the address in a browser\n`)
  return 0
}

const dispatch = (invocation: Arguments.Invocation, io: SandboxIo): number | Promise<number> => {
  switch (invocation.verb) {
    case "start":
      return serve(invocation, io)
    case "exec":
      return exec(invocation, io)
    case "fault":
      return control(invocation, io, "faults", invocation.fault)
    case "reset":
      return control(invocation, io, "reset", undefined)
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
 * `start` serves until the signal aborts: 130 after SIGINT, 143 after SIGTERM (its reason). `exec` returns what its
 * command returned. 2 for flags that make no sense and a given port that is taken, 8 where no sandbox answers.
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
    if (code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL") {
      io.stderr.write(`error: cannot listen there (${code})\n`)
      return 2
    }
    throw error
  }
}
