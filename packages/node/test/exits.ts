// Run as a process of its own: it has to end by itself, at once after its last request was aborted.
import { Effect, Fiber } from "effect"

import * as Transport from "../src/transport/Transport.ts"
import { exchange } from "./exchange.ts"

const [, , answering = "", stalling = ""] = process.argv

const program = Effect.gen(function* () {
  const http = yield* Transport.make({ baseUrl: answering })
  yield* exchange(http, answering)
  const secure = stalling.replace("http:", "https:")
  const other = yield* Transport.make({ baseUrl: secure })
  const fiber = yield* Effect.forkChild(exchange(other, secure), { startImmediately: true })
  yield* Fiber.interrupt(fiber)
  // fires only where something else holds the process for so long
  yield* Effect.sync(() => void setTimeout(() => process.exit(1), 100).unref())
  // the scope stays open: idle connections alone must not hold the process
  yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
