import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result } from "effect"
import { HttpClient } from "effect/http"

import * as Adapter from "../src/adapter.ts"
import * as Scripted from "./scripted.ts"

describe("@aelyst/core/adapter", () => {
  it.effect("has all parts of a client over checked options and shared state", () =>
    Effect.gen(function* () {
      const server = Scripted.make([Scripted.ok])
      const options = { baseUrl: "https://api.example.com/v2", timeoutMs: 3_000 }
      const dialect = Adapter.ClientOptions.makeDialect({ milliseconds: true })
      const config = Result.getOrThrow(Adapter.ClientOptions.parse(options, dialect))
      const sharedState = yield* Adapter.SharedState.make(config)
      const client = yield* Effect.provideService(
        Adapter.makeWith(config, Redacted.make("token-for-tests"), sharedState),
        HttpClient.HttpClient,
        server.client,
      )
      const { outcome } = yield* client.create("id:5", { firstName: "Ana" })
      assert.strictEqual(outcome, "created")
      assert.strictEqual(server.received[0]?.path, "/v2/contact/id:5")
    }),
  )

  it("has a text for every option of its table", () => {
    assert.sameMembers(Object.keys(Adapter.optionTexts), Object.keys(Adapter.optionTable))
  })

  it("has an entry of the error table for every error", () => {
    assert.sameMembers(Object.keys(Adapter.errorTable), [...Adapter.errorTags])
    for (const tag of Adapter.errorTags) assert.match(Adapter.docsUrl(tag), /^https:/)
  })
})
