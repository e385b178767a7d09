/** `aelyst config`: prints the settings of this run, and changes those saved in a profile. */
import { existsSync } from "node:fs"

import { suggest } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import * as ConfigFiles from "../ConfigFile.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { pathsOf } from "../Files.ts"
import type { GlobalFlags } from "../Flags.ts"
import { Host } from "../Host.ts"
import { Screen } from "../Screen.ts"
import * as Settings from "../Settings.ts"
import type { Key } from "../SettingTable.ts"
import { invalid, isKey, keys, settings as table } from "../SettingTable.ts"
import { count, visible } from "../Text.ts"

const hintsFor = (text: string): ReadonlyArray<string> => {
  const nearest = suggest(text, keys)
  return [
    ...(nearest === undefined ? [] : [`did you mean ${nearest}?`]),
    `settings: ${keys.join(", ")}`,
  ]
}

// in its place there may be anything, even a token
const shownName = (text: string): string =>
  /^[A-Za-z][A-Za-z-]{0,19}$/.test(text) && suggest(text, keys) !== undefined
    ? ` ${text}`
    : ` (${count(text.length, "character")})`

const keyOf = (text: string): Effect.Effect<Key, Failure> =>
  isKey(text)
    ? Effect.succeed(text)
    : Effect.fail(
        text === "token"
          ? usage(
              "a token is not a setting",
              "fix:   aelyst auth login saves it, with its host, where only you can read it",
            )
          : usage(`unknown setting${shownName(text)}`, ...hintsFor(text)),
      )

/** Lists the settings. */
export const list = Effect.fnUntraced(function* (
  showOrigin: boolean,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const { origins, profile } = yield* Settings.resolve(globals)
  if (printer.json) {
    const values = Object.fromEntries(
      keys.map((key) => {
        const { text, from } = origins[key]
        const value = text === "" ? null : text
        return [key, showOrigin ? { text: value, from } : value]
      }),
    )
    return printer.value({ ok: true, profile, settings: values })
  }
  return printer.rows(
    keys.map((key) => {
      const { text, from } = origins[key]
      const shown = text === "" ? `- (${table[key].otherwiseText ?? "not set"})` : visible(text)
      return [key, shown, ...(showOrigin ? [from] : [])]
    }),
  )
})

/** Prints one setting. */
export const get = Effect.fnUntraced(function* (
  name: string,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const key = yield* keyOf(name)
  const { origins } = yield* Settings.resolve(globals)
  const { text, from } = origins[key]
  if (printer.json) return printer.value({ ok: true, key, value: text, from })
  return printer.data(visible(text))
})

const change = Effect.fnUntraced(function* (
  globals: GlobalFlags,
  edit: (profile: ConfigFiles.Profile) => ConfigFiles.Profile,
): Effect.fn.Return<string, Failure, Host | Screen> {
  const printer = yield* Screen
  const { paths, config, profile } = yield* Settings.resolve(globals, { anyProfile: true })
  const before = Object.hasOwn(config.profiles, profile) ? config.profiles[profile] : undefined
  const path = yield* ConfigFiles.writeConfig(paths, {
    ...config,
    profiles: { ...config.profiles, [profile]: edit(before ?? { settings: {} }) },
  })
  printer.notice(`saved in profile ${profile} (${visible(path)})`)
  return profile
})

/** Saves a setting in the profile. */
export const set = Effect.fnUntraced(function* (
  name: string,
  text: string,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const key = yield* keyOf(name)
  yield* Effect.fromResult(
    Result.mapError<unknown, string, Failure>(table[key].parse(text), (expected) =>
      usage(invalid(key, text, expected, table[key])),
    ),
  )
  const profile = yield* change(globals, (before) => ({
    ...before,
    settings: { ...before.settings, [key]: text },
  }))
  if (printer.json) printer.value({ ok: true, profile, key, value: text })
})

/** Removes a setting from the profile. */
export const unset = Effect.fnUntraced(function* (
  name: string,
  globals: GlobalFlags,
): Effect.fn.Return<void, Failure, Host | Screen> {
  const printer = yield* Screen
  const key = yield* keyOf(name)
  const profile = yield* change(globals, (before) => {
    const { [key]: _, ...rest } = before.settings
    return { ...before, settings: rest }
  })
  if (printer.json) printer.value({ ok: true, profile, key })
})

const names = ["config", "credentials", "state", "project"] as const

/** Prints the paths of the files, and which of them do not exist. */
export const path: Effect.Effect<void, never, Host | Screen> = Effect.gen(function* () {
  const printer = yield* Screen
  const { env, cwd } = yield* Host
  const paths = pathsOf(env, cwd)
  const exists = (name: (typeof names)[number]): boolean => existsSync(paths[name] ?? "")
  if (printer.json) {
    return printer.value({
      ok: true,
      ...paths,
      exists: Object.fromEntries(names.map((name) => [name, exists(name)])),
    })
  }
  return printer.rows(
    names.map((name) => [
      name,
      visible(paths[name] ?? "-"),
      paths[name] === undefined ? "no home directory" : exists(name) ? "exists" : "does not exist",
    ]),
  )
})
