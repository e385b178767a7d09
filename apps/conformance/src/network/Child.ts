/** Runs a part of a scenario in a separate process, which communicates by messages and ends with the scope. */
import { fork } from "node:child_process"
import { once } from "node:events"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The options of a part. */
export interface ChildOptions {
  /** The input, which the part reads with `input`. */
  readonly input: unknown
  /** Flags of Node.js. */
  readonly flags?: ReadonlyArray<string>
}

/** A running part, which sends one type of message. */
export interface Child<Message> {
  /** Waits for its next message; dies if the process ends first. */
  readonly next: Effect.Effect<Message>
  /** Sends a question; the reply is the next message. */
  readonly ask: (question: string) => Effect.Effect<Message>
  /** Kills the process with SIGKILL, and waits until it has ended. */
  readonly kill: Effect.Effect<void>
}

/** Starts a module of this folder as a process. */
export const start = <Message>(
  module: URL,
  { input, flags = [] }: ChildOptions,
): Effect.Effect<Child<Message>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(module, [JSON.stringify(input)], { execArgv: [...flags] })),
      (running) => Effect.sync(() => running.kill("SIGKILL")),
    )
    // its last messages may arrive after its end
    const gone = Promise.all([once(child, "exit"), once(child, "disconnect")])
    const messages: Array<Message> = []
    const readers: Array<(message: Message) => void> = []
    child.on("message", (sent) => {
      // safe: the header of the module documents its messages
      const message = sent as Message
      const reader = readers.shift()
      if (reader === undefined) messages.push(message)
      else reader(message)
    })
    const next = Effect.promise(
      () =>
        new Promise<Message>((resolve, reject) => {
          const message = messages.shift()
          if (message !== undefined) return resolve(message)
          readers.push(resolve)
          void gone.then(() => reject(new Error(`${module.pathname} ended too early`)))
        }),
    )
    return {
      next,
      ask: (question) =>
        Effect.andThen(
          Effect.sync(() => child.send(question)),
          next,
        ),
      kill: Effect.promise(() => {
        child.kill("SIGKILL")
        return gone
      }).pipe(Effect.asVoid),
    }
  })

/** Returns, in the process, the input that it was started with. */
export const input = <A>(): A => {
  const [, , text = ""] = process.argv
  // safe: the header of the module documents its input
  return JSON.parse(text) as A
}
