import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import { Lifetime } from "../src/call/Lifetime.ts"
import type { RunScope } from "../src/call/RunScope.ts"
import { CreatesLeft, CurrentRun } from "../src/call/RunScope.ts"
import { createMany } from "../src/CreateMany.ts"
import { rowsOf } from "./runs.ts"
import * as Scripted from "./scripted.ts"

const create = (run: RunScope | undefined) =>
  Effect.gen(function* () {
    const server = Scripted.make([Scripted.ok])
    const client = yield* AelystClient.make({ token: Redacted.make("token-for-tests") }).pipe(
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    const exit = yield* Effect.exit(
      Effect.provideService(client.create("id:5", { firstName: "Ana" }), CurrentRun, run),
    )
    return { exit, requests: server.received.length }
  })

describe("CurrentRun", () => {
  it.effect("fails a call of a stopped run before anything is sent", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* create({
        deadlineAt: Number.POSITIVE_INFINITY,
        lifetime: new Lifetime(),
        stopped: () => "closed",
        stopping: Effect.succeed("closed"),
        pause: () => Effect.void,
        holdResend: (wait) => wait,
      })
      assert(Exit.isFailure(exit))
      const error = Exit.findErrorOption(exit)
      assert(error._tag === "Some" && error.value._tag === "UnavailableError")
      assert.strictEqual(error.value.reason, "closed")
      assert.strictEqual(requests, 0)
    }),
  )

  it.effect("does not affect a single call", () =>
    Effect.gen(function* () {
      const { exit, requests } = yield* create(undefined)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(requests, 1)
    }),
  )
})

describe("CreatesLeft", () => {
  it.effect("counts down over the rows of a run, and is not known otherwise", () =>
    Effect.gen(function* () {
      const server = Scripted.make([Scripted.ok])
      const seen: Array<number | undefined> = []
      const watched = HttpClient.transform(server.client, (response) =>
        Effect.andThen(
          Effect.map(CreatesLeft, (left) => seen.push(left)),
          response,
        ),
      )
      const client = yield* AelystClient.make({ token: Redacted.make("token-for-tests") }).pipe(
        Effect.provideService(HttpClient.HttpClient, watched),
      )
      const run = yield* createMany(Stream.fromIterable(rowsOf(3)), { concurrency: 1 }).pipe(
        Effect.provideService(AelystClient.AelystClient, client),
      )
      yield* Stream.runDrain(run.results).pipe(Effect.provideService(CreatesLeft, 3))
      yield* client.create("id:5", { firstName: "Ana" })
      assert.deepStrictEqual(seen, [3, 2, 1, undefined])
    }),
  )
})
