/**
 * The settings of one run, and where each came from: flag, environment, project, profile, default, in this order.
 */
import type { CustomField } from "@aelyst/core"
import { ClientOptions, suggest } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { ConfigFile, Profile } from "./ConfigFile.ts"
import * as ConfigFiles from "./ConfigFile.ts"
import type { Failure } from "./Failure.ts"
import { usage } from "./Failure.ts"
import type { Paths } from "./Files.ts"
import * as Files from "./Files.ts"
import type { GlobalFlags } from "./Flags.ts"
import { Host, variable } from "./Host.ts"
import type { Key, Values } from "./SettingTable.ts"
import { invalid, keys, parseBaseUrl, settings } from "./SettingTable.ts"
import { visible } from "./Text.ts"

/** Holds a setting's text and its source. */
export interface Origin {
  readonly text: string
  /** `--retries`, `AELYST_RETRIES`, `aelyst.config.json`, `profile prod` or `default`. */
  readonly from: string
}

/** Holds the settings of a run. */
export interface Settings extends Values {
  readonly origins: { readonly [K in Key]: Origin }
  /** The origin of the base URL. */
  readonly origin: string
  /** The host of the base URL, as it is shown. */
  readonly host: string
  readonly profile: string
  readonly paths: Paths
  readonly config: ConfigFile
  readonly customFields: CustomField.Catalogue | undefined
  /** Whether questions may be asked. */
  readonly mayAsk: boolean
}

/** Returns how to change a wrong setting, unless it was a flag. */
const hintsOf = (
  key: Key,
  from: string,
  profile: string,
  { project }: Paths,
): ReadonlyArray<string> => {
  const { flag, variable: name } = settings[key]
  if (from === flag) return []
  const fix =
    from === name
      ? `change or unset ${name}`
      : from === "aelyst.config.json"
        ? `change it in ${visible(project)}`
        : `aelyst config set ${key} <value>${profile === "default" ? "" : ` --profile ${profile}`}`
  return [`fix:   ${fix}; ${flag} overrides it for one run`]
}

const empty: Profile = { settings: {} }

/** Returns the error of a setting whose value is wrong. */
const wrong = (
  key: Key,
  { text, from }: Origin,
  expected: string,
  { profile, paths }: Pick<Settings, "profile" | "paths">,
): Failure => {
  const inFile = from.startsWith("profile") || from === "aelyst.config.json"
  const where = inFile ? `${key} of ${from}` : from
  return usage(invalid(where, text, expected, settings[key]), ...hintsOf(key, from, profile, paths))
}

/** Checks that a token may be sent to the base URL: over plain http only to this machine, unless it is the sandbox's. */
export const checkTarget = (
  resolved: Settings,
  token: string | Redacted.Redacted | undefined,
): Effect.Effect<void, Failure> =>
  Effect.fromResult(parseBaseUrl(resolved.baseUrl, token ?? "none")).pipe(
    Effect.mapError((expected) => wrong("baseUrl", resolved.origins.baseUrl, expected, resolved)),
    Effect.asVoid,
  )

/** Holds the flags that settings come from. */
export type SettingFlags = GlobalFlags & { readonly defaultCountry?: string | undefined }

/**
 * Resolves all settings.
 *
 * `anyProfile` allows a profile that does not exist yet, for the commands that create one. Fails with a usage error that
 * names the flag, the variable or the profile whose value is wrong.
 */
export const resolve = Effect.fnUntraced(function* (
  flags: SettingFlags,
  options: { readonly anyProfile?: boolean } = {},
): Effect.fn.Return<Settings, Failure, Host> {
  const host = yield* Host
  const { env, cwd, stderr } = host
  const paths = Files.pathsOf(env, cwd)
  const config = yield* ConfigFiles.readConfig(paths)
  const project = yield* ConfigFiles.readProject(paths)
  const named = flags.profile ?? variable(env, "AELYST_PROFILE")
  const profile = named ?? config.profile ?? "default"
  if (!ConfigFiles.isProfileName(profile)) {
    return yield* Effect.fail(
      usage(
        `invalid profile name ${ClientOptions.show(profile)}: expected at most 64 letters, digits, - and _`,
        `fix:   change ${flags.profile === undefined ? (named === undefined ? "profile in config.json" : "AELYST_PROFILE") : "--profile"}`,
      ),
    )
  }
  const known = Object.hasOwn(config.profiles, profile) ? config.profiles[profile] : undefined
  if (known === undefined && profile !== "default" && options.anyProfile !== true) {
    const saved = yield* ConfigFiles.readCredentials(paths)
    if (!Object.hasOwn(saved, profile)) {
      const names = [...new Set([...Object.keys(config.profiles), ...Object.keys(saved)])]
      const nearest = suggest(profile, names)
      return yield* Effect.fail(
        usage(
          `unknown profile ${profile}${nearest === undefined ? "" : `. Did you mean ${nearest}?`}`,
          names.length === 0 ? "there are no profiles yet" : `profiles: ${names.join(", ")}`,
          `to create it: aelyst auth login --profile ${profile}`,
        ),
      )
    }
  }
  const inProfile = (known ?? empty).settings

  const find = (key: Key): Origin => {
    const { flag, variable: name, otherwise } = settings[key]
    const given = flags[key]
    if (given !== undefined) return { text: given, from: flag }
    const inEnvironment = variable(env, name)
    if (inEnvironment !== undefined) return { text: inEnvironment, from: name }
    if (key === "defaultCountry" && project.defaultCountry !== undefined) {
      return { text: project.defaultCountry, from: "aelyst.config.json" }
    }
    const saved = inProfile[key]
    if (saved !== undefined) return { text: saved, from: `profile ${profile}` }
    return { text: otherwise, from: "default" }
  }
  const value = <K extends Key>(key: K): Effect.Effect<Values[K], Failure> => {
    const found = find(key)
    const { parse } = settings[key]
    return Effect.fromResult(
      Result.mapError(parse(found.text), (expected) =>
        wrong(key, found, expected, { profile, paths }),
      ),
    )
  }

  const baseUrl = yield* value("baseUrl")
  const origin = new URL(baseUrl).origin
  return {
    baseUrl,
    timeout: yield* value("timeout"),
    deadline: yield* value("deadline"),
    retries: yield* value("retries"),
    delivery: yield* value("delivery"),
    maxWait: yield* value("maxWait"),
    rate: yield* value("rate"),
    defaultCountry: yield* value("defaultCountry"),
    // safe: every key of the table is in `keys`
    origins: Object.fromEntries(keys.map((key) => [key, find(key)])) as Settings["origins"],
    origin,
    host: new URL(baseUrl).host,
    profile,
    paths,
    config,
    customFields: project.customFields,
    mayAsk:
      !flags.noInput &&
      variable(env, "AELYST_NO_INPUT") === undefined &&
      variable(env, "CI") === undefined &&
      stderr.isTTY === true &&
      host.stdin.isTTY === true,
  }
})

/** Returns whether a base URL points to this machine: a token for it may be kept in a profile. */
export const isLoopback = (baseUrl: string): boolean =>
  URL.canParse(baseUrl) && ClientOptions.isLoopback(new URL(baseUrl).hostname)
