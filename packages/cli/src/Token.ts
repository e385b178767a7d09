/**
 * Finds the token, in this order: `--token-stdin` or `--token-file`, `AELYST_TOKEN`, for loopback hosts the token in the
 * profile, the saved token of the profile. It is never an argument: those are visible in the process list.
 */
import * as Path from "node:path"

import { ClientOptions } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import * as ConfigFiles from "./ConfigFile.ts"
import { Failure, file, usage } from "./Failure.ts"
import * as Files from "./Files.ts"
import type { GlobalFlags } from "./Flags.ts"
import type { Reader } from "./Host.ts"
import { Host, variable } from "./Host.ts"
import type { Settings } from "./Settings.ts"
import { isLoopback } from "./Settings.ts"
import { visible } from "./Text.ts"

/** Holds a token and its source, in words. */
export interface FoundToken {
  readonly token: Redacted.Redacted
  readonly from: string
}

/** Checks a token; never quotes it. */
export const check = (text: string, from: string): Effect.Effect<FoundToken, Failure> =>
  Effect.fromResult(
    Result.mapBoth(ClientOptions.checkToken(text), {
      onSuccess: (token) => ({ token, from }),
      onFailure: ({ message }) =>
        new Failure({
          exit: "auth",
          code: "TOKEN_INVALID",
          message: `invalid token from ${from}`,
          hints: [message.replace(/^`token`/, "a token"), "copy it again"],
        }),
    }),
  )

const maxBytes = 65_536

/** Reads standard input to its end, at most `limit` bytes. */
export const readAll = (stdin: Reader, limit: number): Effect.Effect<string, Failure> =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Buffer> = []
      let size = 0
      for await (const chunk of stdin) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk)
        size += bytes.length
        if (size > limit) break
        chunks.push(bytes)
      }
      return size > limit ? undefined : Buffer.concat(chunks).toString("utf8")
    },
    catch: () => file("cannot read standard input"),
  }).pipe(
    Effect.flatMap((text) =>
      text === undefined
        ? Effect.fail(file(`standard input must be at most ${limit.toLocaleString("en")} bytes`))
        : Effect.succeed(text),
    ),
  )

// fails on a terminal, which would show the token while it is typed
const fromStdin: Effect.Effect<FoundToken, Failure, Host> = Effect.gen(function* () {
  const { stdin } = yield* Host
  if (stdin.isTTY === true) {
    return yield* Effect.fail(
      usage("--token-stdin needs a pipe or a file", "for a hidden prompt: aelyst auth login"),
    )
  }
  return yield* check(yield* readAll(stdin, maxBytes), "standard input")
})

const fromFile = (path: string): Effect.Effect<FoundToken, Failure> =>
  Effect.flatMap(Files.readPrivate(path), (text) =>
    text === undefined
      ? Effect.fail(file(`${visible(path)} does not exist (ENOENT)`))
      : check(text, "--token-file"),
  )

/** Reads the token from the source that a flag names. */
export const explicit = (flags: GlobalFlags): Effect.Effect<FoundToken, Failure, Host> => {
  if (flags.tokenStdin && flags.tokenFile !== undefined) {
    return Effect.fail(usage("--token-stdin and --token-file cannot be combined"))
  }
  const { tokenFile } = flags
  return tokenFile === undefined
    ? fromStdin
    : Effect.flatMap(Host, ({ cwd }) => fromFile(Path.resolve(cwd, tokenFile)))
}

/** Returns the token of a run, or undefined; fails if it finds one that must not be used. */
const find = Effect.fnUntraced(function* (
  flags: GlobalFlags,
  settings: Settings,
): Effect.fn.Return<FoundToken | undefined, Failure, Host> {
  const { env } = yield* Host
  if (flags.tokenStdin || flags.tokenFile !== undefined) return yield* explicit(flags)
  const inEnvironment = variable(env, "AELYST_TOKEN")
  if (inEnvironment !== undefined) return yield* check(inEnvironment, "AELYST_TOKEN")
  const { profile, config, origin, baseUrl } = settings
  const inline = Object.hasOwn(config.profiles, profile)
    ? config.profiles[profile]?.token
    : undefined
  if (inline !== undefined) {
    return isLoopback(baseUrl)
      ? yield* check(inline, `profile ${profile}`)
      : yield* Effect.fail(
          file(
            `config.json holds a token in profile ${profile}, which is only allowed for loopback hosts`,
            `fix:   remove it, then: aelyst auth login --profile ${profile}`,
          ),
        )
  }
  const saved = yield* ConfigFiles.readCredentials(settings.paths)
  const credential = Object.hasOwn(saved, profile) ? saved[profile] : undefined
  if (credential === undefined) return undefined
  if (credential.origin !== origin) {
    return yield* Effect.fail(
      new Failure({
        exit: "auth",
        code: "TOKEN_HOST",
        message: `the saved token of profile ${profile} is for ${visible(credential.origin)}, not for ${settings.host}`,
        hints: [`fix:   aelyst auth login --profile <name> --base-url ${baseUrl}`],
      }),
    )
  }
  return yield* check(credential.token, `the saved token of profile ${profile}`)
})

/** Returns the token of a run; fails with a hint if there is none. */
export const require = (
  flags: GlobalFlags,
  settings: Settings,
): Effect.Effect<FoundToken, Failure, Host> =>
  Effect.flatMap(find(flags, settings), (found) =>
    found === undefined
      ? Effect.fail(
          new Failure({
            exit: "auth",
            code: "TOKEN_MISSING",
            message: `no token for ${settings.host}`,
            hints: [
              `nothing was sent (profile ${settings.profile})`,
              `fix:   set AELYST_TOKEN, or run: aelyst auth login${settings.profile === "default" ? "" : ` --profile ${settings.profile}`}`,
              ...(isLoopback(settings.baseUrl)
                ? []
                : ["to try it without an account: aelyst sandbox exec -- aelyst create …"]),
            ],
          }),
        )
      : Effect.succeed(found),
  )
