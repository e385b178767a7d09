/**
 * The command's output on stderr: the addresses of the sandbox, and one line per request.
 */
import { networkInterfaces } from "node:os"

import { isLoopback } from "../server/HttpServer.ts"
import type { Sandbox } from "../Sandbox.ts"
import type { SandboxRequest } from "../api/types.ts"
import type { SandboxOptions } from "../types.ts"

/** Colours text, or returns it unchanged. */
export type Paint = (color: "bold" | "dim" | "green" | "yellow" | "red", text: string) => string

const codes = { bold: 1, dim: 2, green: 32, yellow: 33, red: 31 } as const

/** Creates the function that colours text; it does so only for a terminal that supports colours. */
export const makePaint = (
  isTTY: boolean,
  env: Readonly<Record<string, string | undefined>>,
  noColor: boolean,
): Paint => {
  const plain = !isTTY || noColor || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb"
  return plain ? (_, text) => text : (color, text) => `\u001B[${codes[color]}m${text}\u001B[0m`
}

/** Escapes control characters, so that what clients send cannot control the terminal. */
export const visible = (text: string): string =>
  text.replace(
    // oxlint-disable-next-line no-control-regex -- matching them is the point
    /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )

const seconds = (ms: number): string => `${ms / 1000} s`

/** Returns the command that sets variables in the shell that the environment names: fish, PowerShell, or any other. */
export const exportCommand = (
  variables: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): string => {
  const all = Object.entries(variables)
  const shell = env["SHELL"] ?? ""
  if (/(?:^|\/)fish$/.test(shell)) {
    return all.map(([name, value]) => `set -gx ${name} ${value}`).join("; ")
  }
  // PowerShell sets the variable for its commands; a POSIX shell on Windows sets SHELL
  if (env["PSModulePath"] !== undefined && (platform !== "win32" || shell === "")) {
    return all.map(([name, value]) => `$env:${name} = "${value}"`).join("; ")
  }
  return `export ${all.map(([name, value]) => `${name}=${value}`).join(" ")}`
}

/** Lists the addresses at which other machines reach a server that listens on a host. */
const addressesOf = (host: string): ReadonlyArray<string> =>
  host !== "0.0.0.0" && host !== "::"
    ? []
    : Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .filter(({ family, internal }) => family === "IPv4" && !internal)
        .map(({ address }) => address)

/** Returns the banner: the addresses of the sandbox, and the variables to set. */
export const banner = (
  sandbox: Sandbox,
  { admin, data, host = "127.0.0.1" }: SandboxOptions,
  paint: Paint,
  env: Readonly<Record<string, string | undefined>>,
): string => {
  const variables = { AELYST_BASE_URL: sandbox.baseUrl, AELYST_TOKEN: sandbox.tokens.ok }
  const { limit, windowMs } = sandbox.settings
  const local = isLoopback(host)
  const lines = [
    paint(
      "bold",
      `Aelyst sandbox (${local ? "local, " : ""}${data === undefined ? "in memory" : `contacts in ${visible(data)}`}${local ? ", nothing leaves this machine" : ""})`,
    ),
    `  API        ${sandbox.baseUrl}        ${limit} requests per ${seconds(windowMs)} window (our assumption, --limit/--window)`,
    ...((admin ?? local) ? [`  Inspector  ${sandbox.origin}/_sandbox`] : []),
    `  ${exportCommand(variables, env)}`,
  ]
  if (!local) {
    const { port } = new URL(sandbox.origin)
    for (const address of addressesOf(host)) {
      lines.push(`  From other machines and containers: http://${address}:${port}/v1`)
    }
    lines.push(
      paint(
        "yellow",
        `  Warning: ${host} can be reached from the network, and so can the contacts in this sandbox.`,
      ),
    )
  }
  lines.push(
    paint(
      "dim",
      "  Identifiers are shown below because this sandbox runs on your machine. Press Ctrl-C to stop.",
    ),
  )
  return `${lines.join("\n")}\n`
}

const padded = (number: number, length: number): string => String(number).padStart(length, "0")

const time = (at: number): string => {
  const date = new Date(at)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return `${clock.map((part) => padded(part, 2)).join(":")}.${padded(date.getMilliseconds(), 3)}`
}

const colorOf = (status: number | undefined): "green" | "yellow" | "red" =>
  status === undefined || status >= 500 ? "red" : status >= 400 ? "yellow" : "green"

/** Returns one request as a line: time, status, ms, identifier, and what is left or what went wrong. */
export const requestLine = (request: SandboxRequest, paint: Paint): string => {
  const { at, fault, identifier, issues, limit, ms, path, phase, remaining, retryAfter } = request
  const notes: Array<string> = []
  if (retryAfter !== undefined) notes.push(`Retry-After ${retryAfter}`)
  else if (limit !== undefined) notes.push(`left ${remaining ?? 0}/${limit}`)
  if (fault !== undefined) notes.push(`fault ${fault}`)
  const issue = issues?.[0]
  if (issue !== undefined) {
    notes.push(`${issue.path.join(".")}${issue.path.length > 0 ? ": " : ""}${issue.rule}`)
  }
  const status = request.status === undefined ? phase : String(request.status)
  const head = `${paint("dim", time(at))}  ${paint(colorOf(request.status), status.padEnd(4))} ${String(Math.round(ms ?? 0)).padStart(4)} ms`
  return `${head}  ${visible(identifier ?? path).padEnd(30)}  ${visible(notes.join("  "))}\n`
}
