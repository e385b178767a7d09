/**
 * `aelyst doctor`: checks Node.js, settings, state directory, proxy, certificates, token, network and clock. One check that
 * fails stops no other. Sends no contact and no token.
 */
import * as Path from "node:path"

import { ConfigurationError } from "@aelyst/core"
import { codeOf } from "@aelyst/core/transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Result from "effect/Result"

import * as Connection from "../Connection.ts"
import type { ErrorCode } from "../ErrorCode.ts"
import type { ExitName } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"
import { pathsOf } from "../Files.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Environment } from "../Host.ts"
import { Host, variable } from "../Host.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { settings as table } from "../SettingTable.ts"
import * as StateDirectory from "../StateDirectory.ts"
import { count, time, visible } from "../Text.ts"
import * as Token from "../Token.ts"

interface Problem {
  readonly fix: string
  readonly exit: ExitName
  readonly code: ErrorCode
}

interface Check {
  readonly name: string
  readonly detail: string
  readonly problem?: Problem | undefined
}

const problem = (fix: string, exit: ExitName = "usage", code: ErrorCode = "USAGE"): Problem => ({
  fix,
  exit,
  code,
})

const fixOf = ({ hints }: Failure): string =>
  (hints.find((hint) => hint.startsWith("fix:")) ?? hints[0] ?? "see above").replace(/^fix: +/, "")

/** Checks the version of Node.js. */
export const checkNode = (version: string): Check => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const name = "node"
  if (major > 22 || (major === 22 && minor >= 19)) return { name, detail: version }
  return {
    name,
    detail: `${version} is too old`,
    problem: problem("install Node.js 22.19 or newer"),
  }
}

const checkSettings = (resolved: Result.Result<Settings, Failure>): Check => {
  const name = "settings"
  if (Result.isFailure(resolved)) {
    const { message, exit, code } = resolved.failure
    const detail = message
    // safe: only a contact has the codes of rules
    return { name, detail, problem: problem(fixOf(resolved.failure), exit, code as ErrorCode) }
  }
  const { paths, profile } = resolved.success
  return { name, detail: `profile ${profile}, ${visible(paths.config ?? "no home directory")}` }
}

const checkState = ({ paths: { state } }: Pick<Settings, "paths">): Check => {
  const name = "state"
  const fix = "set AELYST_STATE_DIR to a directory that you can write"
  // no create needs it
  if (state === undefined) return { name, detail: `none, without a home directory; ${fix}` }
  const shown = visible(state)
  const found = StateDirectory.check(state)
  if (!found.usable) return { name, detail: `${shown}: ${found.reason}`, problem: problem(fix) }
  return { name, detail: found.exists ? shown : `${shown} (created when it is needed)` }
}

const checkCertificates = (env: Environment): Check => {
  const name = "certificates"
  if (Connection.checksCertificates(env)) return { name, detail: "checked" }
  const detail = "not checked: anyone on the network path can read the token"
  return { name, detail, problem: problem("unset NODE_TLS_REJECT_UNAUTHORIZED") }
}

const checkToken = (globals: GlobalFlags, settings: Settings, isComplete: boolean) =>
  Effect.match(Token.require(globals, settings), {
    onSuccess: ({ from }): Check => ({ name: "token", detail: `from ${from}` }),
    onFailure: (failure): Check => {
      const { exit, code, message } = failure
      if (!isComplete && code === "TOKEN_MISSING") {
        const detail = "not looked for in files: the settings are not valid"
        return { name: "token", detail, problem: problem("correct the settings first") }
      }
      // safe: only a contact has the codes of rules
      const its = problem(fixOf(failure), exit, code as ErrorCode)
      return { name: "token", detail: message, problem: its }
    },
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
  return { name: "clock", detail, problem: problem("set the clock of this machine") }
}

/** Reports which proxy is read and which variables are not, or the error of a proxy that cannot be used. */
export const checkProxy = (
  env: Environment,
  error: ConfigurationError | undefined,
  { baseUrl, host }: Pick<Settings, "baseUrl" | "host">,
): Check => {
  const name = "proxy"
  const ignored = ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"].filter(
    (one) => variable(env, one) !== undefined,
  )
  const notRead = ignored.length === 0 ? "" : `; not read: ${ignored.join(", ")}`
  const read = Connection.proxyVariable(env)
  if (error !== undefined) {
    const fix = `correct or unset ${error.option}, or list the host in NO_PROXY`
    return { name, detail: `${error.message.replaceAll("`", "")}${notRead}`, problem: problem(fix) }
  }
  if (read === undefined) return { name, detail: `none${notRead}` }
  // the token would be readable for the proxy, or the host is this machine
  if (!baseUrl.startsWith("https:") || SettingsOf.isLoopback(baseUrl)) {
    return { name, detail: `${read} is set, and not used for ${host}${notRead}` }
  }
  const exempt = variable(env, "no_proxy") ?? variable(env, "NO_PROXY")
  return {
    name,
    detail: `${read} is set${exempt === undefined ? "" : ", unless NO_PROXY lists the host"}${notRead}`,
  }
}

const checkNetwork = Effect.fnUntraced(function* (
  settings: Settings,
  env: Environment,
): Effect.fn.Return<ReadonlyArray<Check>> {
  const name = "network"
  const { baseUrl, host } = settings
  const began = yield* Clock.currentTimeMillis
  const request = Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    // any status will do: DNS, connection, certificate and proxy work
    const { headers } = yield* client.get(baseUrl)
    return { date: headers["date"] }
  })
  const result = yield* request.pipe(
    Effect.provide(Connection.layer(baseUrl)),
    Effect.catch((error) =>
      Effect.succeed(error instanceof ConfigurationError ? { error } : { code: codeOf(error) }),
    ),
    Effect.timeoutOrElse({ duration: 5_000, orElse: () => Effect.succeed({ code: "TIMEOUT" }) }),
  )
  const now = yield* Clock.currentTimeMillis
  const proxy = checkProxy(env, "error" in result ? result.error : undefined, settings)
  if ("error" in result) {
    const fix = "correct the proxy first"
    return [proxy, { name, detail: `${host}: not checked`, problem: problem(fix) }]
  }
  if ("code" in result) {
    const fix = "check the base URL, DNS, the network or HTTPS_PROXY"
    const detail = `cannot reach ${host}: ${result.code}`
    return [proxy, { name, detail, problem: problem(fix, "network", "NETWORK") }]
  }
  const reached = { name, detail: `${host}, ${time(now - began)}` }
  const clock = checkClock(now, result.date)
  return clock === undefined ? [proxy, reached] : [proxy, reached, clock]
})

/**
 * Resolves the settings that are there without the files: a token and a base URL in a flag or in the environment can be
 * checked although something else is wrong.
 */
const withoutFiles = (globals: GlobalFlags, { env, ...host }: Host["Service"]) => {
  const { baseUrl, tokenFile, tokenStdin, noInput } = globals
  const { AELYST_TOKEN, AELYST_BASE_URL } = env
  const given = baseUrl ?? AELYST_BASE_URL
  const isUsable = given !== undefined && Result.isSuccess(table.baseUrl.parse(given))
  const none = Object.fromEntries(Object.keys(globals).map((name) => [name, undefined]))
  // safe: every flag that `resolve` and the token read is set again
  const flags = { ...none, tokenFile, tokenStdin, noInput } as unknown as GlobalFlags
  const settings = SettingsOf.resolve({ ...flags, baseUrl: isUsable ? given : undefined }).pipe(
    Effect.provideService(Host, {
      ...host,
      cwd: Path.join(host.cwd, "no such directory"),
      env: { AELYST_TOKEN },
    }),
  )
  return Effect.map(settings, (found) => ({ found, hasUrl: given === undefined || isUsable }))
}

/** Runs all checks; fails with the exit code of the first problem. */
export const run = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const host = yield* Host
  const { env, cwd } = host
  const resolved = yield* Effect.result(SettingsOf.resolve(globals))
  const isComplete = Result.isSuccess(resolved)
  const { found, hasUrl } = isComplete
    ? { found: resolved.success, hasUrl: true }
    : yield* withoutFiles(globals, host)
  const unknownHost: Check = {
    name: "network",
    detail: "not checked: the base URL is not valid",
    problem: problem("correct the base URL first"),
  }
  const checks: ReadonlyArray<Check> = [
    checkNode(process.versions.node),
    checkSettings(resolved),
    checkState({ paths: pathsOf(env, cwd) }),
    checkCertificates(env),
    yield* checkToken(globals, found, isComplete),
    ...(hasUrl
      ? yield* checkNetwork(found, env)
      : [checkProxy(env, undefined, found), unknownHost]),
  ]
  const failed = checks.flatMap(({ name, problem: its }) => (its ? [{ name, ...its }] : []))
  if (printer.json) {
    printer.value({
      ok: failed.length === 0,
      checks: checks.map(({ name, detail, problem: its }) => ({
        name,
        ok: its === undefined,
        detail,
        ...(its !== undefined && { fix: its.fix }),
      })),
    })
  } else {
    printer.rows(
      checks.flatMap(({ name, detail, problem: its }) =>
        its === undefined
          ? [["ok", name, detail]]
          : [
              ["no", name, detail],
              ["fix", name, its.fix],
            ],
      ),
    )
  }
  const [first] = failed
  if (first === undefined) return
  const message = `${failed.length} of ${count(checks.length, "check")} failed: ${failed.map(({ name }) => name).join(", ")}`
  const hints = ["fix:   do what the lines that begin with fix say", "nothing was sent"]
  yield* Effect.fail(new Failure({ exit: first.exit, code: first.code, message, hints }))
})
