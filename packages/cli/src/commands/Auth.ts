/** `aelyst auth`: the saved token of a profile. It is never shown, and goes to its own host alone. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

import * as ConfigFiles from "../ConfigFile.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import { askHidden } from "../Prompt.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import { visible } from "../Text.ts"
import * as Token from "../Token.ts"

const given = Effect.fnUntraced(function* (
  globals: GlobalFlags,
  { mayAsk, host }: Settings,
): Effect.fn.Return<Token.FoundToken, Failure, Host> {
  if (globals.tokenStdin || globals.tokenFile !== undefined) {
    return yield* Token.explicit(globals)
  }
  if (!mayAsk) {
    return yield* Effect.fail(
      usage(
        "there is no terminal to ask for the token",
        "give it with --token-stdin or --token-file",
      ),
    )
  }
  return yield* Token.check(yield* askHidden(`Token for ${host}: `), "the terminal")
})

/** Saves a token. The API has nothing that could check it without creating a contact. */
export const login = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve(globals, { anyProfile: true })
  const { paths, profile, origin, config, baseUrl, origins } = settings
  const { token } = yield* given(globals, settings)
  const saved = yield* ConfigFiles.readCredentials(paths)
  const path = yield* ConfigFiles.writeCredentials(paths, {
    ...saved,
    [profile]: { token: Redacted.value(token), origin },
  })
  // the profile has to lead to the host that the token is for
  if (!origins.baseUrl.from.startsWith("profile") && origins.baseUrl.from !== "default") {
    const before = Object.hasOwn(config.profiles, profile) ? config.profiles[profile] : undefined
    const { settings: known, ...rest } = before ?? { settings: {} }
    yield* ConfigFiles.writeConfig(paths, {
      ...config,
      profiles: { ...config.profiles, [profile]: { ...rest, settings: { ...known, baseUrl } } },
    })
  }
  printer.notice(`saved for ${settings.host} in profile ${profile}, ${visible(path)}`)
  printer.notice("it was not tried: only creating a contact would")
  if (printer.json) printer.value({ ok: true, profile, host: settings.host })
})

/** Tells which token would be used. */
export const status = Effect.fnUntraced(function* (
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const settings = yield* SettingsOf.resolve(globals)
  const { from } = yield* Token.require(globals, settings)
  const { profile, host } = settings
  if (printer.json) return printer.value({ ok: true, profile, host, from })
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
