import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Result, Stream } from "effect"
import { TestClock } from "effect/testing"

import { AelystClient } from "../src/AelystClient.ts"
import { ConfigurationError } from "../src/call/ConfigurationError.ts"
import { validate } from "../src/contact/Contact.ts"
import * as CustomField from "../src/contact/CustomField.ts"
import { createMany } from "../src/CreateMany.ts"
import { createResult } from "../src/testing/CallEnds.ts"
import { errors } from "../src/testing/Errors.ts"
import type { TestHandlers } from "../src/testing/LayerTest.ts"
import { CallLedger, layerTest } from "../src/testing/LayerTest.ts"

const ana = { firstName: "Ana" }
const calls = Effect.flatMap(CallLedger, (ledger) => ledger.calls)

const run = <A, E>(
  effect: Effect.Effect<A, E, AelystClient | CallLedger>,
  handlers?: TestHandlers,
) => Effect.provide(effect, layerTest(handlers))

describe("layerTest", () => {
  it.effect("creates every contact by default, and records the calls", () =>
    run(
      Effect.gen(function* () {
        const client = yield* AelystClient
        const result = yield* client.create("email:Ana@Example.com", {
          ...ana,
          countryCode: "my",
        })
        assert.strictEqual(result.outcome, "created")
        assert.strictEqual<string>(result.identifier, "email:Ana@Example.com")
        const valid = Result.getOrThrow(validate("id:5", ana))
        yield* client.create(valid, { retries: 0 })
        assert.deepStrictEqual(yield* calls, [
          {
            identifier: "email:Ana@Example.com",
            contact: { firstName: "Ana", email: "Ana@Example.com", countryCode: "MY" },
            options: {},
          },
          { identifier: "id:5", contact: ana, options: { retries: 0 } },
        ])
      }),
    ),
  )

  it.effect("plays its ends in order, and repeats the last", () =>
    run(
      Effect.gen(function* () {
        const client = yield* AelystClient
        const ended: Array<string> = []
        for (let n = 0; n < 4; n++) {
          const end = yield* Effect.result(client.create(`id:${n}`, ana))
          ended.push(Result.isSuccess(end) ? `${end.success.identifier}` : end.failure._tag)
        }
        assert.deepStrictEqual(ended, ["RateLimitError", "BadRequestError", "id:2", "id:3"])
      }),
      { create: [errors.rateLimit(), errors.badRequest({ exists: true }), createResult()] },
    ),
  )

  it.effect("asks a function for the end of each call", () =>
    run(
      Effect.gen(function* () {
        const client = yield* AelystClient
        assert.strictEqual((yield* client.create("id:1", ana)).result, "exists_after_doubt")
        const error = yield* Effect.flip(client.create("id:2", ana))
        assert.strictEqual(error._tag, "AuthenticationError")
        const exit = yield* Effect.exit(client.create("id:3", ana))
        assert.isTrue(Exit.hasDies(exit))
      }),
      {
        create: ({ identifier }) => {
          if (identifier === "id:3") throw new Error("a bug of the test")
          return identifier === "id:1"
            ? createResult({ result: "exists_after_doubt" })
            : errors.authentication()
        },
      },
    ),
  )

  it.effect("takes effects as ends, on the clock of the test", () =>
    run(
      Effect.gen(function* () {
        const client = yield* AelystClient
        const fiber = yield* Effect.forkChild(client.create("id:1", ana), {
          startImmediately: true,
        })
        assert.strictEqual((yield* calls).length, 1)
        yield* TestClock.adjust("59 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).identifier, "id:1")
      }),
      { create: () => Effect.delay(Effect.succeed(createResult()), "1 minute") },
    ),
  )

  it.effect("checks input and options as the real client does", () =>
    run(
      Effect.gen(function* () {
        const client = yield* AelystClient
        const invalid = yield* Effect.flip(client.create("ana@example.com", { firstName: "" }))
        assert(invalid._tag === "InvalidContactError")
        assert.deepStrictEqual(
          invalid.issues.map(({ code }) => code),
          ["PREFIX_MISSING", "FIRST_NAME_MISSING"],
        )
        const unknown = { ...ana, customFields: { Age: 3 } }
        const issue = yield* Effect.flip(client.create("id:1", unknown))
        assert.strictEqual(issue._tag, "InvalidContactError")
        const wrong = yield* Effect.exit(client.create("id:1", ana, { retries: -1 }))
        assert(Exit.isFailure(wrong))
        assert.instanceOf(Cause.squash(wrong.cause), ConfigurationError)
        assert.isEmpty(yield* calls)
        assert.strictEqual((yield* client.rateLimit).waiting, 0)
      }),
      { customFields: CustomField.define({ Seats: "number" }) },
    ),
  )

  it.effect("starts with an empty ledger wherever it is provided", () =>
    Effect.gen(function* () {
      const create = Effect.flatMap(AelystClient, (client) => client.create("id:1", ana))
      const counted = Effect.andThen(
        Effect.ignore(create),
        Effect.map(calls, ({ length }) => length),
      )
      const layer = layerTest({ create: [errors.rateLimit(), createResult()] })
      assert.strictEqual(yield* Effect.provide(counted, layer), 1)
      assert.strictEqual(yield* Effect.provide(counted, layer), 1)
    }),
  )
})

const rows = Stream.make(
  { identifier: "id:1", contact: ana },
  { identifier: "ana@example.com", contact: ana },
  { identifier: "id:2", contact: ana },
)

const outcomes = Effect.gen(function* () {
  const { results } = yield* createMany(rows, { ordered: true })
  return (yield* Stream.runCollect(results)).map(({ outcome }) => outcome)
})

describe("createMany", () => {
  it.effect("runs over the client of layerTest", () =>
    run(
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* outcomes, ["created", "invalid", "rejected"])
        assert.strictEqual((yield* calls).length, 2)
      }),
      { create: [createResult(), errors.badRequest()] },
    ),
  )

  it.effect("runs over a client that has only create", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* outcomes, ["created", "created", "created"])
    }).pipe(
      Effect.provide(Layer.mock(AelystClient, { create: () => Effect.succeed(createResult()) })),
    ),
  )
})
