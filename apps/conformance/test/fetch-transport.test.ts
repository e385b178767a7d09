/** Core's transport over the fetch of Node.js, on real sockets. */
import { AelystClient, layerFetch } from "@aelyst/core"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Redacted } from "effect"

import * as RawServer from "../src/network/RawServer.ts"

const serve = (script: RawServer.Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

const head = "HTTP/1.1 200 OK\r\nx-ratelimit-limit: 7\r\n"

describe("an interrupted create over layerFetch", () => {
  for (const [when, response] of Object.entries({
    "before the response": undefined,
    "in a body of declared length": `${head}content-length: 50\r\n\r\n{`,
    "in a body of unknown length": `${head}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`,
  })) {
    it.live(`closes its connection ${when}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(async (peer) => {
          await peer.request()
          if (response !== undefined) await peer.send(response)
        })
        const context = yield* Layer.build(
          layerFetch({ baseUrl: `${server.origin}/v1`, token: Redacted.make("sandbox_ok") }),
        )
        const client = Context.get(context, AelystClient)
        const fiber = yield* Effect.forkChild(client.create("id:5", { firstName: "Ana" }))
        // the limit is learned as soon as the head has arrived
        const hasArrived =
          response === undefined
            ? Effect.sync(() => server.requests.length > 0)
            : Effect.map(client.rateLimit, ({ limit }) => limit === 7)
        while (!(yield* hasArrived)) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
        yield* Effect.promise(() => server.connected(1)).pipe(
          Effect.flatMap((peer) => Effect.promise(() => peer.closed)),
        )
      }).pipe(Effect.scoped),
    )
  }
})
