/** `aelyst auth`: saves, checks and removes the token of a profile. It is never shown, and is sent only to its host. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

import * as ConfigFiles from "../ConfigFile.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Host, variable } from "../Host.ts"
import { askHidden } from "../Prompt.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { visible } from "../Text.ts"
import * as Token from "../Token.ts"

const read = Effect.fnUntraced(function* (
  globals: GlobalFlags,
  { mayAsk, host }: Settings,
): Effect.fn.Return<Token.FoundToken, Failure, Host> {
  if (globals.tokenStdin || globals.tokenFile !== undefined) {
    return yield* Token.explicit(globals)
  }
  if (!mayAsk) {
    return yield* Effect.fail(
      usage(
        "cannot prompt for the token without a terminal",
        "fix:   aelyst auth login --token-stdin < <path>, or --token-file <path>",
      ),
    )
  }
  return yield* Token.check(yield* askHidden(`Token for ${host}: `), "the terminal")
})

/** Saves a token, unverified: the API can check one only by creating a contact. */
export const login = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve(globals, { anyProfile: true })
  const { paths, profile, origin, config, baseUrl, origins } = settings
  const { token } = yield* read(globals, settings)
  yield* SettingsOf.checkTarget(settings, token)
  const saved = yield* ConfigFiles.readCredentials(paths)
  const path = yield* ConfigFiles.writeCredentials(paths, {
    ...saved,
    [profile]: { token: Redacted.value(token), origin },
  })
  // the profile must lead to the host that the token is for
  if (!origins.baseUrl.from.startsWith("profile") && origins.baseUrl.from !== "default") {
    const before = Object.hasOwn(config.profiles, profile) ? config.profiles[profile] : undefined
    const { settings: known, ...rest } = before ?? { settings: {} }
    yield* ConfigFiles.writeConfig(paths, {
      ...config,
      profiles: { ...config.profiles, [profile]: { ...rest, settings: { ...known, baseUrl } } },
    })
  }
  printer.notice(`saved the token for ${settings.host} in profile ${profile} (${visible(path)})`)
  printer.notice("it is not verified: only creating a contact would do that")
  const { env } = yield* Host
  if (variable(env, "AELYST_TOKEN") !== undefined) {
    printer.warn("AELYST_TOKEN is set and wins over the saved token; unset it to use this one")
  }
  if (printer.json) printer.value({ ok: true, profile, host: settings.host })
})

/** Prints the source of the token. */
export const status = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve(globals)
  const { from } = yield* Token.require(globals, settings)
  const { profile, host, paths } = settings
  // a file that cannot be read holds no token that could be overridden
  const saved = yield* Effect.orElseSucceed(ConfigFiles.readCredentials(paths), () => ({}))
  const overridden = from === "AELYST_TOKEN" && Object.hasOwn(saved, profile)
  if (printer.json)
    return printer.value({ ok: true, profile, host, from, overridesSaved: overridden })
  if (overridden) {
    printer.notice(
      `AELYST_TOKEN is set and wins over the saved token of profile ${profile}; unset it to use that one`,
    )
  }
  return printer.rows([
    ["host", host],
    ["profile", profile],
    ["token", `from ${from}`],
  ])
})

/** Removes the saved token. */
export const logout = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const { paths, profile } = yield* SettingsOf.resolve(globals, { anyProfile: true })
  const saved = yield* ConfigFiles.readCredentials(paths)
  const { [profile]: removed, ...rest } = saved
  if (removed !== undefined) yield* ConfigFiles.writeCredentials(paths, rest)
  printer.notice(
    removed === undefined
      ? `profile ${profile} has no saved token`
      : `removed the token of profile ${profile}`,
  )
  if (printer.json) printer.value({ ok: true, profile, removed: removed !== undefined })
})
