import { AelystClient, layer } from "@aelyst/core"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { assert, describe, it } from "vitest"

import * as SharedPace from "../../src/SharedPace.ts"
import { surroundings } from "../database.ts"

const { sandbox, server, url } = surroundings()

describe("SharedPace", () => {
  it("keeps the pace of two clients in one row of the database", async () => {
    const program = Effect.gen(function* () {
      const client = yield* AelystClient
      yield* Effect.forEach([1, 2, 3], (n) => client.create(`id:${n}`, { firstName: "Ana" }))
      return (yield* client.rateLimit).shared
    })
    const live = () =>
      layer({ baseUrl: sandbox().baseUrl, token: Redacted.make(sandbox().tokens.ok) }).pipe(
        Layer.provide(SharedPace.layer({ url: Redacted.make(url()) })),
        Layer.provide(FetchHttpClient.layer),
      )
    assert.strictEqual(await Effect.runPromise(Effect.provide(program, live())), "connected")
    await Effect.runPromiseExit(Effect.provide(program, live()))
    const rows = await server().query(
      "SELECT key FROM aelyst_shared_limit WHERE key NOT LIKE '%versions%'",
    )
    assert.lengthOf(rows, 1)
    assert.notInclude(JSON.stringify(rows), sandbox().tokens.ok)
  })
})
