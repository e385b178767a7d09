/**
 * The JSON files: `config.json` with the profiles, `credentials.json` with the saved tokens, and the project's
 * `aelyst.config.json`. What they may hold is checked key by key; values are never quoted.
 */
import { CustomField } from "@aelyst/core"
import { suggest } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Failure } from "./Failure.ts"
import { file } from "./Failure.ts"
import type { Paths } from "./Files.ts"
import * as Files from "./Files.ts"
import type { Key } from "./SettingTable.ts"
import { isKey, keys } from "./SettingTable.ts"
import { visible } from "./Text.ts"

/** Holds one profile: settings as texts, and a token for a loopback host. */
export interface Profile {
  readonly settings: { readonly [K in Key]?: string }
  readonly token?: string
}

/** Holds `config.json`. */
export interface ConfigFile {
  /** Points editors to the schema. */
  readonly schema?: string
  /** The profile that is used by default. */
  readonly profile?: string
  readonly profiles: { readonly [name: string]: Profile }
}

/** Holds a saved token and the origin that it is for. */
export interface Credential {
  readonly token: string
  readonly origin: string
}

/** Holds `credentials.json`, by profile. */
export type Credentials = { readonly [profile: string]: Credential }

/** Holds the project's file. */
export interface Project {
  readonly customFields?: CustomField.Catalogue
  readonly defaultCountry?: string
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const profileName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** Returns whether a text can name a profile. */
export const isProfileName = (name: string): boolean => profileName.test(name)

const edit = "fix:   correct the file; aelyst config path lists the files that are read"

const parse = (path: string, text: string): Result.Result<Json, Failure> =>
  Result.flatMap(
    Result.try({
      // safe: JSON.parse promises nothing, and the next step checks
      try: () => JSON.parse(text.replace(/^\uFEFF/, "")) as unknown,
      catch: () => file(`${visible(path)} is not valid JSON`, edit),
    }),
    (json) =>
      isObject(json)
        ? Result.succeed(json)
        : Result.fail(file(`${visible(path)} must hold a JSON object`, edit)),
  )

const odd = (path: string, where: string, rule: string): Result.Result<never, Failure> =>
  Result.fail(file(`${visible(path)}: ${visible(where)} ${rule}`, edit))

const configKeys = ["$schema", "profile", "profiles"]
const projectKeys = ["$schema", "customFields", "defaultCountry"]

const hint = (name: string, names: ReadonlyArray<string>): string => {
  const nearest = suggest(name, names)
  return nearest === undefined ? "" : `; did you mean ${nearest}?`
}

const profileOf = (path: string, name: string, json: unknown): Result.Result<Profile, Failure> => {
  if (!isObject(json)) return odd(path, `profiles.${name}`, "must be an object")
  const settings: { [K in Key]?: string } = {}
  let token: string | undefined
  for (const key of Object.keys(json)) {
    const value = json[key]
    const text = typeof value === "number" ? String(value) : value
    if (typeof text !== "string") {
      return odd(path, `profiles.${name}.${key}`, "must be a string or a number")
    }
    if (key === "token") token = text
    else if (isKey(key)) settings[key] = text
    else return odd(path, `profiles.${name}.${key}`, `is not a setting${hint(key, keys)}`)
  }
  return Result.succeed({ settings, ...(token !== undefined && { token }) })
}

const configOf = (path: string, json: Json): Result.Result<ConfigFile, Failure> =>
  Result.gen(function* () {
    const profiles: Record<string, Profile> = {}
    let profile: string | undefined
    let schema: string | undefined
    for (const key of Object.keys(json)) {
      const value = json[key]
      if (key === "profile" && typeof value === "string") profile = value
      else if (key === "$schema" && typeof value === "string") schema = value
      else if (key === "profiles" && isObject(value)) {
        for (const name of Object.keys(value)) {
          if (!isProfileName(name))
            return yield* odd(path, "profiles", "must not have an invalid profile name")
          profiles[name] = yield* profileOf(path, name, value[name])
        }
      } else return yield* odd(path, key, `is not a known key${hint(key, configKeys)}`)
    }
    return {
      profiles,
      ...(profile !== undefined && { profile }),
      ...(schema !== undefined && { schema }),
    }
  })

const credentialsOf = (path: string, json: Json): Result.Result<Credentials, Failure> =>
  Result.gen(function* () {
    const profiles = json["profiles"]
    if (!isObject(profiles)) return {}
    const all: Record<string, Credential> = {}
    for (const name of Object.keys(profiles)) {
      const value = profiles[name]
      const token = isObject(value) ? value["token"] : undefined
      const origin = isObject(value) ? value["origin"] : undefined
      if (!isProfileName(name) || typeof token !== "string" || typeof origin !== "string") {
        return yield* odd(path, "profiles", "must have a token and an origin in every entry")
      }
      all[name] = { token, origin }
    }
    return all
  })

const projectOf = (path: string, json: Json): Result.Result<Project, Failure> =>
  Result.gen(function* () {
    let project: Project = {}
    for (const key of Object.keys(json)) {
      switch (key) {
        case "$schema":
        case "mapping":
          break
        case "customFields": {
          const catalogue = CustomField.make(json[key])
          const [issue] = Result.isFailure(catalogue) ? catalogue.failure : []
          if (Result.isFailure(catalogue)) {
            const where = ["customFields", ...(issue?.path ?? [])].join(".")
            return yield* odd(path, where, issue?.suggestion ?? "is not valid")
          }
          project = { ...project, customFields: catalogue.success }
          break
        }
        case "defaultCountry": {
          const country = json[key]
          if (typeof country !== "string") return yield* odd(path, key, "must be a string")
          project = { ...project, defaultCountry: country }
          break
        }
        case "token":
          return yield* odd(path, key, "must not be in a project file: set AELYST_TOKEN or log in")
        case "baseUrl":
          // a project from elsewhere could send your token to its own host
          return yield* odd(path, key, "must not be in a project file: set it in a profile")
        default:
          return yield* odd(path, key, `is not a known key${hint(key, projectKeys)}`)
      }
    }
    return project
  })

const load = <A>(
  path: string | undefined,
  read: (path: string) => Effect.Effect<string | undefined, Failure>,
  decode: (path: string, json: Json) => Result.Result<A, Failure>,
  otherwise: A,
): Effect.Effect<A, Failure> =>
  path === undefined
    ? Effect.succeed(otherwise)
    : Effect.flatMap(read(path), (text) =>
        text === undefined
          ? Effect.succeed(otherwise)
          : Effect.fromResult(Result.flatMap(parse(path, text), (json) => decode(path, json))),
      )

/** Reads `config.json`; empty if it does not exist. */
export const readConfig = ({ config }: Paths): Effect.Effect<ConfigFile, Failure> =>
  load<ConfigFile>(config, Files.read, configOf, { profiles: {} })

/** Reads `credentials.json`; empty if it does not exist, refused if others may read it. */
export const readCredentials = ({ credentials }: Paths): Effect.Effect<Credentials, Failure> =>
  load<Credentials>(credentials, Files.readPrivate, credentialsOf, {})

/** Reads the project's file; empty if it does not exist. */
export const readProject = ({ project }: Paths): Effect.Effect<Project, Failure> =>
  load<Project>(project, Files.read, projectOf, {})

const homeless = file("no directory for this file", "set AELYST_CONFIG, XDG_CONFIG_HOME or HOME")

const write = (path: string | undefined, json: Json): Effect.Effect<string, Failure> =>
  path === undefined
    ? Effect.fail(homeless)
    : Effect.as(Files.writePrivate(path, `${JSON.stringify(json, undefined, 2)}\n`), path)

/** Writes `config.json`; returns its path. */
export const writeConfig = (
  { config }: Paths,
  { schema, profile, profiles }: ConfigFile,
): Effect.Effect<string, Failure> =>
  write(config, {
    ...(schema !== undefined && { $schema: schema }),
    ...(profile !== undefined && { profile }),
    profiles: Object.fromEntries(
      Object.entries(profiles).map(([name, { settings, token }]) => [
        name,
        { ...settings, ...(token !== undefined && { token }) },
      ]),
    ),
  })

/** Writes `credentials.json`; returns its path. */
export const writeCredentials = (
  { credentials }: Paths,
  profiles: Credentials,
): Effect.Effect<string, Failure> => write(credentials, { profiles })
