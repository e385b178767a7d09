/** `aelyst create`: one contact, from flags to an answer. */
import type { Hooks, ContactInput, CreateResult, Issue, Validated } from "@aelyst/core"
import {
  AelystClient,
  ConfigurationError,
  InvalidContactError,
  layer,
  validate,
} from "@aelyst/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { ContactFlags } from "../ContactFlags.ts"
import { asked } from "../ContactInput.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Host, proxyOf, variable } from "../Host.ts"
import * as Preview from "../Preview.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import type { Printer } from "../Screen.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { invalid, parseDuration } from "../SettingTable.ts"
import { count, time, visible } from "../Text.ts"
import * as Token from "../Token.ts"
import type { Progress } from "../Waiting.ts"
import { watched } from "../Waiting.ts"

/** Holds the flags of `create`. */
export interface CreateFlags extends ContactFlags {
  readonly identifier: string
  readonly settle: string | undefined
  readonly defaultCountry: string | undefined
  readonly dryRun: boolean
  readonly asCurl: boolean
}

const optionsOf = (settings: Settings, settle: number) => ({
  baseUrl: settings.baseUrl,
  delivery: settings.delivery,
  retries: settings.retries,
  timeout: settings.timeout,
  maxWait: settings.maxWait,
  settle,
  customFields: settings.customFields,
  ...(settings.deadline !== undefined && { deadline: settings.deadline }),
  ...(settings.rate !== undefined && { rateLimit: { perSecond: settings.rate } }),
})

const progressOf = (text: string | undefined): Effect.Effect<Progress, Failure> =>
  text === undefined || text === "auto" || text === "bar" || text === "plain" || text === "none"
    ? Effect.succeed(text ?? "auto")
    : Effect.fail(usage(invalid("--progress", text, "expected auto, bar, plain or none")))

const settleOf = (text: string | undefined): Effect.Effect<number, Failure> =>
  text === undefined
    ? Effect.succeed(0)
    : Effect.fromResult(
        Result.mapError(parseDuration("settle")(text), (expected) =>
          usage(invalid("--settle", text, expected)),
        ),
      )

const done = {
  created: "Contact added",
  exists_after_doubt: "Contact exists; probably created by the lost attempt",
} as const

const tell = (printer: Printer, result: CreateResult, ms: number): void => {
  const { identifier, attempts, status, message, rateLimit } = result
  if (printer.json) {
    return printer.value({
      ok: true,
      result: result.result,
      identifier,
      ...(status !== undefined && { status }),
      message,
      attempts: attempts.length,
      rateLimit: {
        ...(rateLimit.limit !== undefined && { limit: rateLimit.limit }),
        ...(rateLimit.remaining !== undefined && { remaining: rateLimit.remaining }),
      },
    })
  }
  if (printer.quiet) return undefined
  // for programs: what happened and to whom, as two columns
  if (!printer.interactive) return printer.data(`${result.result}\t${visible(identifier)}`)
  const facts = [
    ...(status === undefined ? [] : [String(status)]),
    time(ms),
    ...(attempts.length > 1 ? [count(attempts.length, "attempt")] : []),
    ...(rateLimit.limit === undefined || rateLimit.remaining === undefined
      ? []
      : [`${rateLimit.remaining} of ${rateLimit.limit} requests left`]),
  ]
  const head = printer.paint("stdout", "green", printer.symbols(`✔ ${done[result.result]}`))
  const tail = printer.paint("stdout", "dim", `(${facts.join(", ")})`)
  return printer.data(`${head}  ${visible(identifier)}  ${tail}`)
}

const unchecked =
  "NODE_TLS_REJECT_UNAUTHORIZED=0: certificates are not checked, and whoever stands between you and the API can read the token"

/** Warns of what endangers the token; with `-v` also tells what the call goes out with. */
const surroundings = Effect.fnUntraced(function* (
  { baseUrl, profile, host }: Settings,
  { from }: Token.FoundToken,
  verbose: boolean,
) {
  const { env } = yield* Host
  const printer = yield* Screen
  if (variable(env, "NODE_TLS_REJECT_UNAUTHORIZED") === "0") printer.warn(unchecked)
  if (!verbose) return
  if (proxyOf(env) !== undefined && baseUrl.startsWith("https:")) {
    printer.notice("proxy from HTTPS_PROXY, unless NO_PROXY names the host")
  }
  printer.notice(`token from ${from}, profile ${profile}, host ${host}`)
})

/** What is asked for, checked: nothing of it is wrong that can be known offline. */
interface Ready {
  readonly settings: Settings
  readonly options: ReturnType<typeof optionsOf>
  readonly identifier: string
  readonly contact: ContactInput
  readonly valid: Validated
}

const around = ({ host, profile }: Settings): Reports.Around => ({
  host,
  profile,
  tokenFrom: "",
  secrets: [],
})

/** Names the flags that may be what is missing. */
const hintsOf = (
  issues: ReadonlyArray<Issue>,
  { defaultCountry }: Settings,
): ReadonlyArray<string> => {
  const has = (...codes: ReadonlyArray<string>) => issues.some(({ code }) => codes.includes(code))
  return [
    ...(has("FIRST_NAME_MISSING") ? ["fix:   give it with --first-name"] : []),
    ...(defaultCountry === undefined && has("PHONE_INVALID", "PREFIX_MISSING")
      ? ["a number without its country code needs --default-country, such as MY"]
      : []),
  ]
}

const prepare = Effect.fnUntraced(function* (
  flags: CreateFlags,
  globals: GlobalFlags,
): Effect.fn.Return<Ready, Failure | Report, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve({ ...globals, defaultCountry: flags.defaultCountry })
  const options = optionsOf(settings, yield* settleOf(flags.settle))
  if (flags.data === "-" && globals.tokenStdin) {
    return yield* Effect.fail(usage("--data - and --token-stdin both read standard input"))
  }
  const { identifier, contact, notes } = yield* asked(flags.identifier, flags, settings)
  for (const note of notes) printer.notice(`note: ${note}`)
  const valid = validate(identifier, contact, { customFields: settings.customFields })
  if (Result.isSuccess(valid)) {
    return { settings, options, identifier, contact, valid: valid.success }
  }
  const error = new InvalidContactError({ attempts: [], issues: valid.failure })
  const report = Reports.ofError(error, around(settings))
  const hints = hintsOf(valid.failure, settings)
  return yield* Effect.fail({ ...report, details: [...report.details, ...hints] })
})

const show = Effect.fnUntraced(function* (
  { settings, options, identifier, contact }: Ready,
  asCurl: boolean,
): Effect.fn.Return<void, Report, Screen> {
  const printer = yield* Screen
  const request = yield* Effect.mapError(Preview.preview(identifier, contact, options), (error) =>
    Reports.ofError(error, around(settings)),
  )
  if (asCurl) return printer.data(Preview.asCurl(request))
  return printer.json
    ? printer.value({ ok: true, dryRun: true, request })
    : printer.data(Preview.asMessage(request))
})

const send = Effect.fnUntraced(function* (
  { settings, options, identifier, contact, valid }: Ready,
  { token, from }: Token.FoundToken,
  progress: Progress,
  verbose: boolean,
): Effect.fn.Return<void, Failure | Report, Screen> {
  const printer = yield* Screen
  const callbacks: Hooks.Callbacks = {
    // kept for the case that a signal ends the call
    onOutcome: ({ outcome }) => {
      printer.lastKnown = outcome
    },
    onAttempt: ({ number, status, cause, durationMs }) => {
      const came = status ?? cause ?? "no answer"
      if (verbose) printer.notice(`attempt ${number}: ${came} after ${time(durationMs)}`)
    },
  }
  // a preview does without the transport, and it is the largest part
  const { layer: layerTransport } = yield* Effect.promise(() => import("@aelyst/node/transport"))
  const transport = layerTransport({ baseUrl: settings.baseUrl, proxy: "env" })
  const { retries } = settings
  const call = Effect.flatMap(AelystClient, (client) =>
    watched(client.create(identifier, contact), {
      printer,
      client,
      retries,
      host: settings.host,
      progress,
      callbacks,
    }),
  )
  const known = {
    ...around(settings),
    tokenFrom: from,
    secrets: [Redacted.value(token), ...valid.secrets],
  }
  const [taken, result] = yield* Effect.timed(call).pipe(
    Effect.provide(Layer.provide(layer({ ...options, token }), transport)),
    Effect.mapError((error) =>
      error instanceof ConfigurationError ? usage(error.message) : Reports.ofError(error, known),
    ),
  )
  tell(printer, result, Duration.toMillis(taken) - options.settle)
})

/** Runs the command. */
export const run = Effect.fnUntraced(function* (
  flags: CreateFlags,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure | Report, Host | Screen> {
  const progress = yield* progressOf(globals.progress)
  const ready = yield* prepare(flags, globals)
  if (flags.dryRun || flags.asCurl) return yield* show(ready, flags.asCurl)
  const { settings } = ready
  const found = yield* Token.require(globals, settings)
  const verbose = globals.verbose > 0
  yield* surroundings(settings, found, verbose)
  return yield* send(ready, found, progress, verbose)
})
