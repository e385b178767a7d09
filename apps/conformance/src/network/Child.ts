/** A part of a scenario in a process of its own; parts talk in messages, and the process ends with the scope. */
import { fork } from "node:child_process"
import { once } from "node:events"

import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Holds how a part is started. */
export interface ChildOptions {
  /** What it is told at the start; it reads this with `input`. */
  readonly input: unknown
  /** Flags of Node.js. */
  readonly flags?: ReadonlyArray<string>
}

/** A running part, which sends messages of one kind. */
export interface Child<Message> {
  /** Waits for its next message; dies where the process ends first. */
  readonly next: Effect.Effect<Message>
  /** Asks for something; what is asked for comes as the next message. */
  readonly ask: (question: string) => Effect.Effect<Message>
  /** Ends the process by SIGKILL, and waits until it is gone. */
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
    // its last messages may still be read after its end
    const gone = Promise.all([once(child, "exit"), once(child, "disconnect")])
    const messages: Array<Message> = []
    const readers: Array<(message: Message) => void> = []
    child.on("message", (sent) => {
      // safe: the module that was started says in its head what it sends
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

/** Reads, within the process, what it was started with. */
export const input = <A>(): A => {
  const [, , text = ""] = process.argv
  // safe: whoever starts a module gives it what its head asks for
  return JSON.parse(text) as A
}
