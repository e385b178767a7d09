/** `aelyst create`: creates one contact, or prints the request with `--dry-run` and `--as-curl`. */
import type { Hooks, Validated } from "@aelyst/core"
import { AelystClient, ConfigurationError, layer } from "@aelyst/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import * as Connection from "../Connection.ts"
import type { ContactFlags } from "../ContactFlags.ts"
import * as ContactInput from "../ContactInput.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Host, variable } from "../Host.ts"
import * as Preview from "../Preview.ts"
import type { Report } from "../Report.ts"
import * as Reports from "../Report.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { invalid, parseDuration } from "../SettingTable.ts"
import * as SuccessReport from "../SuccessReport.ts"
import { time } from "../Text.ts"
import * as Token from "../Token.ts"
import * as Waiting from "../Waiting.ts"

/** Holds the flags of `create`. */
export interface CreateFlags extends ContactFlags {
  readonly identifier: string
  readonly settle: string | undefined
  readonly defaultCountry: string | undefined
  readonly dryRun: boolean
  readonly asCurl: boolean
}

const optionsOf = ({ baseUrl, deadline, delivery, maxWait, rate, retries, timeout }: Settings) => ({
  baseUrl,
  delivery,
  retries,
  timeout,
  maxWait,
  ...(deadline !== undefined && { deadline }),
  ...(rate !== undefined && { rateLimit: { perSecond: rate } }),
})

const settleOf = (text = "0"): Effect.Effect<number, Failure> =>
  Effect.fromResult(
    Result.mapError(parseDuration("settle")(text), (expected) =>
      usage(invalid("--settle", text, expected)),
    ),
  )

const show = Effect.fnUntraced(function* (valid: Validated, settings: Settings, asCurl: boolean) {
  const printer = yield* Screen
  const request = yield* Effect.mapError(Preview.preview(valid, optionsOf(settings)), (error) =>
    Reports.ofError(error, Reports.contextOf(settings)),
  )
  if (asCurl) {
    const curl = Preview.asCurl(request)
    return printer.json ? printer.value({ ok: true, dryRun: true, curl }) : printer.data(curl)
  }
  return printer.json
    ? printer.value({ ok: true, dryRun: true, request })
    : printer.data(Preview.asMessage(request))
})

const send = Effect.fnUntraced(function* (
  valid: Validated,
  settings: Settings,
  { token }: Token.FoundToken,
  settle: number,
  how: { readonly progress: Waiting.Progress; readonly verbose: boolean },
) {
  const printer = yield* Screen
  const callbacks: Hooks.Callbacks = {
    // printed if a signal ends the call
    onOutcome: ({ outcome }) => {
      printer.lastOutcome = outcome
    },
    onAttempt: ({ number, status, cause, durationMs }) => {
      const end = status ?? cause ?? "no response"
      if (how.verbose) printer.notice(`attempt ${number}: ${end} after ${time(durationMs)}`)
    },
  }
  const { host, retries } = settings
  const create = Effect.flatMap(AelystClient, (client) => {
    const options = { printer, client, retries, host, progress: how.progress, callbacks }
    return Waiting.watched(client.create(valid, { settle }), options)
  })
  const client = layer({ ...optionsOf(settings), token })
  const connected = Layer.provide(client, Connection.layer(settings.baseUrl))
  const [duration, result] = yield* Effect.provide(Effect.timed(create), connected)
  SuccessReport.print(printer, result, Duration.toMillis(duration) - settle)
})

/** Runs the command. */
export const run = Effect.fnUntraced(function* (
  flags: CreateFlags,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure | Report, Host | Screen> {
  const progress = yield* Waiting.parseProgress(globals.progress)
  const settings = yield* SettingsOf.resolve({ ...globals, defaultCountry: flags.defaultCountry })
  const settle = yield* settleOf(flags.settle)
  if (flags.data === "-" && globals.tokenStdin) {
    return yield* Effect.fail(
      usage(
        "--data - and --token-stdin cannot both read standard input",
        "fix:   give the contact as --data @<path>, or the token as --token-file or AELYST_TOKEN",
      ),
    )
  }
  if (flags.data === "-" && (yield* Host).stdin.isTTY === true) {
    return yield* Effect.fail(
      usage("--data - needs a pipe or a file", "fix:   aelyst create … --data - < contact.json"),
    )
  }
  const valid = yield* ContactInput.read(flags.identifier, flags, settings)
  if (flags.dryRun || flags.asCurl) {
    yield* SettingsOf.checkTarget(settings, variable((yield* Host).env, "AELYST_TOKEN"))
    return yield* show(valid, settings, flags.asCurl)
  }
  const found = yield* Token.require(globals, settings)
  const verbose = globals.verbose > 0
  yield* Connection.announce(settings, found.from, verbose)
  const secrets = [Redacted.value(found.token), ...valid.secrets]
  const context = {
    ...Reports.contextOf(settings, found.from, secrets),
    retries: settings.retries,
    maxWait: settings.maxWait,
    delivery: settings.delivery,
    hasFields: (valid.payload.custom_fields ?? []).length > 0,
  }
  return yield* Effect.mapError(
    send(valid, settings, found, settle, { progress, verbose }),
    (error) =>
      error instanceof ConfigurationError
        ? usage(
            error.message.replaceAll("`", ""),
            `fix:   correct or unset ${error.option}; aelyst doctor shows what is read`,
            "nothing was sent",
          )
        : Reports.ofError(error, context),
  )
})
