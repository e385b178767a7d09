/** Opens an outbox for a command, in a file or a database, and converts its errors. */
import type { Outbox, OutboxOptions } from "@aelyst/outbox"
import { OutboxError, outbox } from "@aelyst/outbox"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import { Failure, usage } from "../Failure.ts"
import { Host, variable } from "../Host.ts"
import type { StoreFlags } from "../StoreFlags.ts"
import { Screen } from "../Screen.ts"
import { visible } from "../Text.ts"
import type { DatabaseProblem } from "./DatabaseProblem.ts"
import type { StoreLocation } from "./StoreLocation.ts"
import * as StoreLocations from "./StoreLocation.ts"

/** The outbox of a command; it can be opened several times. */
export interface FoundOutbox {
  readonly shown: string
  readonly open: (
    options?: Omit<OutboxOptions, "create" | "encryptionKeys" | "file" | "store">,
  ) => Effect.Effect<Outbox, Failure, Scope.Scope>
  /** Runs an operation of an open outbox, and converts its errors. */
  readonly ask: <A>(run: () => Promise<A>) => Effect.Effect<A, Failure>
}

const failure = (message: string, ...hints: ReadonlyArray<string>): Failure =>
  new Failure({ exit: "usage", code: "OUTBOX", message, hints })

const ofProblem = ({ fix, problem }: DatabaseProblem): Failure =>
  failure(visible(problem), `fix:   ${fix}`)

const messageOf = ({ detail = "" }: OutboxError, location: StoreLocation): string => {
  const reason = visible(detail.replace(/\.$/, ""))
  if (location.kind === "file" && detail.startsWith(location.path)) {
    return `${location.shown}${reason.slice(visible(location.path).length)}`
  }
  return `the outbox ${location.shown} cannot be used${reason === "" ? "" : `: ${reason}`}`
}

/** Reports an error of an outbox. */
const failureOf = (error: OutboxError, location: StoreLocation): Failure => {
  const { code, detail = "" } = error
  if (code === "ERR_AELYST_OUTBOX_KEY") {
    return failure(
      `the outbox ${location.shown} holds contacts that no key decrypts. ${detail}`,
      "fix:   set AELYST_OUTBOX_KEY to the keys that the app uses; they stay until then",
    )
  }
  if (code === "ERR_AELYST_OUTBOX_UNREADABLE") {
    return failure(
      `this contact cannot be read. ${detail}`,
      "fix:   restore the file from a backup, or: aelyst outbox list --state parked",
    )
  }
  const fix =
    location.kind === "file"
      ? "check the path, its permissions and the disk"
      : "check the database and its log"
  return failure(messageOf(error, location), `fix:   ${fix}`)
}
/** Returns what makes the option for the store; connects to a database. */
const storeOf = (location: StoreLocation) =>
  Effect.gen(function* () {
    if (location.kind === "file") return () => ({ file: location.path, create: false })
    const { url } = location
    const printer = yield* Screen
    if (url.isExposed) {
      printer.warn(
        `the connection to ${url.shown} is not encrypted: anyone on the network path can read contacts and the password. Add sslmode=verify-full to the URL, or sslmode=disable to accept that`,
      )
    }
    const { connect } = yield* Effect.promise(() => import("./Database.ts"))
    const { postgres } = yield* Effect.promise(() => import("@aelyst/outbox/postgres"))
    const { query } = yield* Effect.acquireRelease(
      Effect.tryPromise({
        try: () => connect(url),
        // safe: it rejects with nothing else
        catch: (problem) => ofProblem(problem as DatabaseProblem),
      }),
      ({ close }) => Effect.promise(close),
    )
    return () => ({ store: postgres({ query }) })
  })

/** Finds the outbox that the flags name. */
export const find = (flags: StoreFlags) =>
  Effect.gen(function* () {
    const { env } = yield* Host
    const location = yield* StoreLocations.find(flags)
    const store = yield* storeOf(location)
    const { shown } = location
    const convert = (error: unknown): Effect.Effect<never, Failure> =>
      error instanceof OutboxError ? Effect.fail(failureOf(error, location)) : Effect.die(error)
    const found: FoundOutbox = {
      shown,
      open: (options = {}) =>
        Effect.acquireRelease(
          Effect.try({
            try: () =>
              outbox({
                ...options,
                ...store(),
                encryptionKeys: variable(env, "AELYST_OUTBOX_KEY")?.split(",") ?? [],
              }),
            catch: () =>
              usage(
                "AELYST_OUTBOX_KEY holds no key of 32 bytes as base64",
                "fix:   copy the variable of the app, or unset it",
              ),
          }),
          (box) => Effect.promise(() => box.close()),
        ),
      ask: (run) =>
        Effect.tryPromise({ try: run, catch: (error) => error }).pipe(Effect.catch(convert)),
    }
    return found
  })

/** Opens the outbox that the flags name, and uses it. */
export const withOutbox = <A, E, R>(
  flags: StoreFlags,
  use: (box: Outbox, found: FoundOutbox) => Effect.Effect<A, E, R>,
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const found = yield* find(flags)
      return yield* use(yield* found.open(), found)
    }),
  )
