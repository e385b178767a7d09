// Runs as a separate process, which must exit without help once its last request was aborted.
import { Effect, Fiber } from "effect"

import * as Transport from "../src/transport/Transport.ts"
import { exchange } from "./exchange.ts"
import { assertIdle } from "./idle.ts"

const [, , responding = "", stalling = ""] = process.argv

const program = Effect.gen(function* () {
  const http = yield* Transport.make({ baseUrl: responding })
  yield* exchange(http, responding)
  const secure = stalling.replace("http:", "https:")
  const other = yield* Transport.make({ baseUrl: secure })
  const fiber = yield* Effect.forkChild(exchange(other, secure), { startImmediately: true })
  yield* Fiber.interrupt(fiber)
  yield* Effect.promise(assertIdle)
  // the scope stays open: idle connections must not keep the process alive
  yield* Effect.never
})

Effect.runFork(Effect.scoped(program))
