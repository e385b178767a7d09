/** `aelyst doctor`: what stands between you and a created contact. Sends no contact and no token. */
import { layer as layerTransport } from "@aelyst/node/transport"
import { codeOf } from "@aelyst/core/transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"

import type { ExitName } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Host, proxyOf, variable } from "../Host.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { time, visible } from "../Text.ts"
import * as Token from "../Token.ts"

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly exit: ExitName
}

const check = (name: string, ok: boolean, detail: string, exit: ExitName): Check => ({
  name,
  ok,
  detail,
  exit,
})

const node = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
  const ok = major > 22 || (major === 22 && minor >= 19)
  return check("node", ok, `${process.versions.node}${ok ? "" : ", needs 22.19 or newer"}`, "usage")
}

const tls = (env: Host["Service"]["env"]): Check => {
  const open = variable(env, "NODE_TLS_REJECT_UNAUTHORIZED") === "0"
  const detail = open ? "NODE_TLS_REJECT_UNAUTHORIZED=0: not checked" : "checked"
  return check("certificates", !open, detail, "usage")
}

const token = (globals: GlobalFlags, settings: Settings) =>
  Token.require(globals, settings).pipe(
    Effect.match({
      onSuccess: ({ from }) => check("token", true, `from ${from}`, "ok"),
      onFailure: ({ message, exit }) => check("token", false, message, exit),
    }),
  )

/** How far the clocks may be apart before a `Retry-After` that is a date goes wrong. */
const skew = 5_000

const reach = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<ReadonlyArray<Check>, never, Host> {
  const { env } = yield* Host
  const began = yield* Clock.currentTimeMillis
  const asked = Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    // any answer will do: it says that name, connection, certificate and proxy work
    const { headers } = yield* client.get(settings.baseUrl)
    return headers["date"]
  }).pipe(
    Effect.provide(layerTransport({ baseUrl: settings.baseUrl, proxy: "env" })),
    Effect.timeoutOrElse({ duration: 5_000, orElse: () => Effect.succeed("TIMEOUT" as const) }),
    Effect.map((date) => ({ date })),
    Effect.catch((error) => Effect.succeed({ code: codeOf(error) })),
  )
  const result = yield* asked
  const now = yield* Clock.currentTimeMillis
  const where = `${settings.host}, proxy: ${proxyOf(env) === undefined ? "none" : "HTTPS_PROXY is set"}`
  if ("code" in result) return [check("network", false, `${where}: ${result.code}`, "network")]
  if (result.date === "TIMEOUT") return [check("network", false, `${where}: TIMEOUT`, "network")]
  const reached = check("network", true, `${where}, ${time(now - began)}`, "ok")
  const served = result.date === undefined ? Number.NaN : Date.parse(result.date)
  if (Number.isNaN(served)) return [reached]
  const apart = Math.abs(now - served)
  const clock = `${time(apart < 1_000 ? 0 : apart)} from the server's`
  return [reached, check("clock", apart < skew, clock, "usage")]
})

/** Runs all checks; fails with the exit code of the first that does not hold. */
export const run = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const { env } = yield* Host
  const settings = yield* SettingsOf.resolve(globals)
  const { paths, profile } = settings
  const checks: ReadonlyArray<Check> = [
    node(),
    check("settings", true, `profile ${profile}, ${visible(paths.config ?? "no home")}`, "ok"),
    check("state", true, visible(paths.state ?? "no home"), "ok"),
    tls(env),
    yield* token(globals, settings),
    ...(yield* reach(settings)),
  ]
  if (printer.json) {
    printer.value({
      ok: checks.every(({ ok }) => ok),
      checks: checks.map(({ name, ok, detail }) => ({ name, ok, detail })),
    })
  } else {
    printer.rows(checks.map(({ name, ok, detail }) => [ok ? "ok" : "no", name, detail]))
  }
  const failed = checks.filter(({ ok }) => !ok)
  const [first] = failed
  if (first === undefined) return
  yield* Effect.fail(
    new Failure({
      exit: first.exit,
      code:
        first.exit === "network" ? "NETWORK" : first.exit === "auth" ? "TOKEN_MISSING" : "USAGE",
      message: `${failed.map(({ name }) => name).join(", ")}: not as it should be`,
      hints: ["nothing was sent"],
    }),
  )
})
