import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { TestClock } from "effect/testing"

import { make } from "../src/AelystClient.ts"
import { TransportProbe, abortable, codeOf, makeTransportProbe, redact } from "../src/transport.ts"

describe("@aelyst/core/transport", () => {
  it.effect("has all parts of a transport that reports its phase and can be aborted", () =>
    Effect.gen(function* () {
      let aborts = 0
      const transport = abortable(
        HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
          (prepared) =>
            Effect.flatMap(prepared, (request) =>
              Effect.withFiber((fiber) =>
                Effect.callback((resume) => {
                  fiber.getRef(TransportProbe).watch(() => {
                    aborts += 1
                    const reason = new HttpClientError.TransportError({ request })
                    resume(Effect.fail(new HttpClientError.HttpClientError({ reason })))
                  })
                }),
              ),
            ),
          Effect.succeed,
        ),
      )
      const client = yield* Effect.provideService(
        make({ token: Redacted.make("token-for-tests"), retries: 0 }),
        HttpClient.HttpClient,
        transport,
      )
      const fiber = yield* Effect.forkChild(
        Effect.flip(client.create("id:5", { firstName: "Ana" })),
      )
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(fiber)
      assert.deepInclude(error, { _tag: "ConnectionError", outcome: "not_sent", kind: "timeout" })
      assert.strictEqual(aborts, 1)
    }),
  )

  it("finds the code of an error and creates a TransportProbe for an attempt", () => {
    const cause = Object.assign(new Error("x"), { code: "ENOTFOUND" })
    assert.strictEqual(codeOf(new TypeError("fetch failed", { cause })), "ENOTFOUND")
    assert.isFalse(makeTransportProbe().unsent)
  })

  it("removes secrets from a text", () => {
    assert.notInclude(redact("no contact ana@example.com", ["ana@example.com"], 200), "ana@")
  })
})
