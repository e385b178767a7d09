/** `aelyst create`: one contact, from flags to an answer. */
import type { CreateResult, Outcome } from "@aelyst/core"
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
import { asked } from "../ContactFlags.ts"
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
import { parseTime } from "../SettingTable.ts"
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
    : Effect.fail(usage("--progress is auto, bar, plain or none"))

const settleOf = (text: string | undefined): Effect.Effect<number, Failure> =>
  text === undefined
    ? Effect.succeed(0)
    : Effect.fromResult(Result.mapError(parseTime(text), (rule) => usage(`--settle ${rule}`)))

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

const warn = Effect.gen(function* () {
  const { env } = yield* Host
  const printer = yield* Screen
  if (variable(env, "NODE_TLS_REJECT_UNAUTHORIZED") === "0") printer.warn(unchecked)
})

/** Runs the command. */
export const run = Effect.fnUntraced(function* (
  flags: CreateFlags,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure | Report, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve({ ...globals, defaultCountry: flags.defaultCountry })
  const progress = yield* progressOf(globals.progress)
  const options = optionsOf(settings, yield* settleOf(flags.settle))
  if (flags.data === "-" && globals.tokenStdin) {
    return yield* Effect.fail(usage("--data - and --token-stdin both read standard input"))
  }
  const { identifier, contact, notes } = yield* asked(flags.identifier, flags, settings)
  for (const note of notes) printer.notice(`note: ${note}`)

  const around: Reports.Around = {
    host: settings.host,
    profile: settings.profile,
    tokenFrom: "",
    secrets: [],
  }
  const valid = validate(identifier, contact, { customFields: settings.customFields })
  if (Result.isFailure(valid)) {
    const error = new InvalidContactError({ attempts: [], issues: valid.failure })
    const report = Reports.ofError(error, around)
    const number = valid.failure.some(({ code }) => /^(?:PHONE_INVALID|PREFIX_MISSING)$/.test(code))
    if (!number || settings.defaultCountry !== undefined) return yield* Effect.fail(report)
    const hint = "a number without its country code needs --default-country, such as MY"
    return yield* Effect.fail({ ...report, details: [...report.details, hint] })
  }
  if (flags.dryRun || flags.asCurl) {
    const request = yield* Effect.mapError(Preview.preview(identifier, contact, options), (error) =>
      Reports.ofError(error, around),
    )
    if (flags.asCurl) return printer.data(Preview.asCurl(request))
    return printer.json
      ? printer.value({ ok: true, dryRun: true, request })
      : printer.data(Preview.asMessage(request))
  }

  const found = yield* Token.require(globals, settings)
  yield* warn
  if (globals.verbose > 0) {
    const { env } = yield* Host
    if (proxyOf(env) !== undefined && settings.baseUrl.startsWith("https:")) {
      printer.notice("proxy from HTTPS_PROXY, unless NO_PROXY names the host")
    }
    printer.notice(`token from ${found.from}, profile ${settings.profile}, host ${settings.host}`)
  }
  const { custom_fields: fields = [], ...texts } = valid.success.payload
  const known = {
    ...around,
    tokenFrom: found.from,
    secrets: [
      Redacted.value(found.token),
      identifier,
      identifier.replace(/^(?:email|phone|id):/, ""),
      ...Object.values(texts),
      ...fields.map(({ value }) => String(value ?? "")),
    ],
  }
  let outcome: Outcome | "created" = "not_sent"
  // a preview does without it, and it is the largest part
  const { layer: layerTransport } = yield* Effect.promise(() => import("@aelyst/node/transport"))
  const transport = layerTransport({ baseUrl: settings.baseUrl, proxy: "env" })
  const client = Layer.provide(layer({ ...options, token: found.token }), transport)
  const call = Effect.gen(function* () {
    const service = yield* AelystClient
    return yield* watched(service.create(identifier, contact), {
      printer,
      client: service,
      retries: settings.retries,
      progress,
      callbacks: {
        onOutcome: (end) => {
          outcome = end.outcome
        },
        onAttempt: ({ number, status, cause, durationMs }) => {
          if (globals.verbose > 0) {
            printer.notice(
              `attempt ${number}: ${status ?? cause ?? "no answer"} after ${time(durationMs)}`,
            )
          }
        },
      },
    })
  })
  const [taken, result] = yield* Effect.timed(call).pipe(
    Effect.provide(client),
    Effect.mapError((error) =>
      error instanceof ConfigurationError ? usage(error.message) : Reports.ofError(error, known),
    ),
    Effect.onInterrupt(() =>
      Effect.sync(() => {
        printer.lastKnown = outcome
      }),
    ),
  )
  tell(printer, result, Duration.toMillis(taken))
})
