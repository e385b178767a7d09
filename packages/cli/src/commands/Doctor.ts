/** `aelyst doctor`: checks Node.js, settings, token, network and clock. Sends no contact and no token. */
import { codeOf } from "@aelyst/core/transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"

import * as Connection from "../Connection.ts"
import type { ExitName } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Environment } from "../Host.ts"
import { Host } from "../Host.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { time, visible } from "../Text.ts"
import * as Token from "../Token.ts"

interface Problem {
  /** The problem and its fix. */
  readonly message: string
  readonly exit: ExitName
}

interface Check {
  readonly name: string
  readonly detail: string
  readonly problem?: Problem | undefined
}

/** Checks the version of Node.js. */
export const checkNode = (version: string): Check => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const name = "node"
  if (major > 22 || (major === 22 && minor >= 19)) return { name, detail: version }
  const message = `Node.js ${version} is too old: install 22.19 or newer`
  return { name, detail: `${version}, needs 22.19 or newer`, problem: { message, exit: "usage" } }
}

const checkCertificates = (env: Environment): Check => {
  const name = "certificates"
  if (Connection.checksCertificates(env)) return { name, detail: "checked" }
  const message = "certificates are not checked: unset NODE_TLS_REJECT_UNAUTHORIZED"
  return {
    name,
    detail: "NODE_TLS_REJECT_UNAUTHORIZED=0: not checked",
    problem: { message, exit: "usage" },
  }
}

const checkToken = (globals: GlobalFlags, settings: Settings) =>
  Effect.match(Token.require(globals, settings), {
    onSuccess: ({ from }): Check => ({ name: "token", detail: `from ${from}` }),
    onFailure: ({ message, exit }): Check => ({
      name: "token",
      detail: message,
      problem: { message, exit },
    }),
  })

// clocks further apart make a `Retry-After` that is a date wrong
const maxSkewMs = 5_000

/** Compares the clock with the date of a response; undefined if the response has none. */
export const checkClock = (now: number, date: string | undefined): Check | undefined => {
  const served = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(served)) return undefined
  const difference = Math.abs(now - served)
  // the date has no milliseconds
  const shown = time(difference < 1_000 ? 0 : difference)
  const detail = `${shown} from the server's`
  if (difference < maxSkewMs) return { name: "clock", detail }
  const message = `the clock differs from the server's by ${shown}: set the clock of this machine`
  return { name: "clock", detail, problem: { message, exit: "usage" } }
}

const checkNetwork = Effect.fnUntraced(function* (
  { baseUrl, host }: Settings,
  env: Environment,
): Effect.fn.Return<ReadonlyArray<Check>> {
  const began = yield* Clock.currentTimeMillis
  const request = Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    // any status will do: DNS, connection, certificate and proxy work
    const { headers } = yield* client.get(baseUrl)
    return { date: headers["date"] }
  })
  const result = yield* request.pipe(
    Effect.provide(Connection.layer(baseUrl)),
    Effect.catch((error) => Effect.succeed({ code: codeOf(error) })),
    Effect.timeoutOrElse({ duration: 5_000, orElse: () => Effect.succeed({ code: "TIMEOUT" }) }),
  )
  const now = yield* Clock.currentTimeMillis
  const proxy = Connection.proxyOf(env) === undefined ? "none" : "HTTPS_PROXY is set"
  const name = "network"
  const detail = `${host}, proxy: ${proxy}`
  if ("code" in result) {
    const { code } = result
    const message = `cannot reach ${host}: ${code} (check the base URL, DNS, the network or HTTPS_PROXY)`
    return [{ name, detail: `${detail}: ${code}`, problem: { message, exit: "network" } }]
  }
  const reached = { name, detail: `${detail}, ${time(now - began)}` }
  const clock = checkClock(now, result.date)
  return clock === undefined ? [reached] : [reached, clock]
})

const codeOfExit = (exit: ExitName) =>
  exit === "network" ? "NETWORK" : exit === "auth" ? "TOKEN_MISSING" : "USAGE"

/** Runs all checks; fails with the exit code of the first problem. */
export const run = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const { env } = yield* Host
  const settings = yield* SettingsOf.resolve(globals)
  const { paths, profile } = settings
  const checks: ReadonlyArray<Check> = [
    checkNode(process.versions.node),
    { name: "settings", detail: `profile ${profile}, ${visible(paths.config ?? "no home")}` },
    { name: "state", detail: visible(paths.state ?? "no home") },
    checkCertificates(env),
    yield* checkToken(globals, settings),
    ...(yield* checkNetwork(settings, env)),
  ]
  const rows = checks.map(({ name, detail, problem }) => ({
    name,
    ok: problem === undefined,
    detail,
  }))
  if (printer.json) printer.value({ ok: rows.every(({ ok }) => ok), checks: rows })
  else printer.rows(rows.map(({ name, ok, detail }) => [ok ? "ok" : "no", name, detail]))
  const [first, ...more] = checks.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  if (first === undefined) return
  const { exit, message } = first
  const hints = [...more.map((problem) => problem.message), "nothing was sent"]
  yield* Effect.fail(new Failure({ exit, code: codeOfExit(exit), message, hints }))
})
