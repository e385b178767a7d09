/**
 * Finds the token, in this order: `--token-stdin` or `--token-file`, `AELYST_TOKEN`, for loopback hosts the token in the
 * profile, the saved token of the profile. It is never an argument: those are visible in the process list.
 */
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
import * as SecretFile from "./SecretFile.ts"
import { checkTarget, isLoopback } from "./Settings.ts"
import { count, visible } from "./Text.ts"

/** Holds a token and its source, in words. */
export interface FoundToken {
  readonly token: Redacted.Redacted
  readonly from: string
}

const copyAgain = "copy the token again, as the page of the account shows it"

/** Returns what keeps a text from being a token, and the cure. */
const faultOf = ({ text, encoding }: Files.Text): readonly [fault: string, fix: string] => {
  if (encoding !== "utf-8" || text.includes("\0")) {
    return ["is UTF-16 text", "save the file as UTF-8; PowerShell: Set-Content -Encoding ascii"]
  }
  const bare = text.replace(/\r?\n$/, "")
  if (bare.trim() === "") return ["is empty", "put the token there, or use another source"]
  if (/^(["'`]).*\1$/.test(bare)) {
    return ["begins and ends with a quotation mark", "remove the quotation marks"]
  }
  if (/^["'`]|["'`]$/.test(bare)) return ["has a quotation mark at one end", "remove it"]
  if (/^(?:authorization:\s*)?bearer\s/i.test(bare)) {
    return ["begins with Bearer", "leave that word out; it is added when the token is sent"]
  }
  if (/^[^\r\n]*\r$/.test(bare)) {
    return ["ends with a carriage return", "save the file with Unix line ends, or remove the \\r"]
  }
  if (/[\r\n]/.test(bare)) return ["has more than one line", "keep only the line of the token"]
  if (/^\s|\s$/.test(bare)) return ["begins or ends with a space", "remove the space"]
  if (/\s/.test(bare)) return ["contains a space", copyAgain]
  if (/[^\x21-\x7e]/.test(bare)) return ["has characters that no token has", copyAgain]
  return bare.length < 8
    ? [`has ${count(bare.length, "character")}, and a token at least 8`, copyAgain]
    : [`has ${bare.length.toLocaleString("en")} characters, and a token at most 4,096`, copyAgain]
}

// it marks an encoding only at the start of a file, but is copied along with the text
const withoutMark = (text: string): string => text.replace(/^\uFEFF/, "")

/** Checks a token; says in words what is wrong with it, and never quotes it. */
export const check = (
  input: Files.Text | string,
  from: string,
): Effect.Effect<FoundToken, Failure> => {
  const { text, encoding } =
    typeof input === "string" ? ({ text: input, encoding: "utf-8" } as const) : input
  const token = ClientOptions.checkToken(withoutMark(text))
  // quotation marks are valid characters, but those at the ends come from a file of variables
  if (Result.isSuccess(token) && encoding === "utf-8" && !/^["'`]|["'`]\s*$/.test(text)) {
    return Effect.succeed({ token: token.success, from })
  }
  const [fault, fix] = faultOf({ text: withoutMark(text), encoding })
  return Effect.fail(
    new Failure({
      exit: "auth",
      code: "TOKEN_INVALID",
      message: `the token from ${from} ${fault}`,
      hints: [`fix:   ${fix}`, "nothing was sent"],
    }),
  )
}

const maxBytes = 65_536

/** Reads standard input to its end, at most `limit` bytes. */
export const readAll = (stdin: Reader, limit: number): Effect.Effect<Files.Text, Failure> =>
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
      return size > limit ? undefined : Files.decode(Buffer.concat(chunks))
    },
    catch: () => file("cannot read standard input", "fix:   check what is piped into the command"),
  }).pipe(
    Effect.flatMap((text) =>
      text === undefined
        ? Effect.fail(
            file(
              `standard input must be at most ${limit.toLocaleString("en")} bytes`,
              "fix:   check what is piped into the command",
            ),
          )
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

/** Reads the token from the source that a flag names. */
export const explicit = (flags: GlobalFlags): Effect.Effect<FoundToken, Failure, Host> => {
  if (flags.tokenStdin && flags.tokenFile !== undefined) {
    return Effect.fail(
      usage("--token-stdin and --token-file cannot be combined", "fix:   give one of them"),
    )
  }
  const { tokenFile } = flags
  return tokenFile === undefined
    ? fromStdin
    : Effect.flatMap(Host, ({ cwd }) =>
        Effect.flatMap(SecretFile.read(cwd, tokenFile), (text) => check(text, "--token-file")),
      )
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
            "nothing was sent",
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
        hints: [
          `fix:   aelyst auth login --profile <name> --base-url ${baseUrl}`,
          "nothing was sent",
        ],
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
    Effect.andThen(
      checkTarget(settings, found?.token),
      found === undefined
        ? Effect.fail(
            new Failure({
              exit: "auth",
              code: "TOKEN_MISSING",
              message: `no token for ${settings.host}`,
              hints: [
                `fix:   set AELYST_TOKEN, or run: aelyst auth login${settings.profile === "default" ? "" : ` --profile ${settings.profile}`}`,
                isLoopback(settings.baseUrl)
                  ? `nothing was sent (profile ${settings.profile}); a sandbox takes the token sandbox_ok`
                  : "nothing was sent; without an account: aelyst sandbox exec -- aelyst create …",
              ],
            }),
          )
        : Effect.succeed(found),
    ),
  )
