import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Effect, Redacted, Result, Schema, Stream, Struct } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { HttpClient } from "effect/http"

import * as AelystClient from "../src/AelystClient.ts"
import type { RowResult } from "../src/CreateMany.ts"
import { createMany, rowOutcomes } from "../src/CreateMany.ts"
import { CreateResultSchema, RowResultSchema, RunSummarySchema } from "../src/call/ResultSchema.ts"
import type { CreateResult } from "../src/call/Call.ts"
import * as Identifier from "../src/contact/Identifier.ts"
import { outcomeOf } from "../src/call/RunProgress.ts"
import { isAelystError } from "../src/errors/AelystError.ts"
import { createResult } from "../src/testing/CallEnds.ts"
import type { RunSummary } from "../src/types.ts"
import { attempts, examples } from "./errors.ts"
import { identifierText, oneOf, runs, text } from "./inputs.ts"
import { messageOf, throughJson } from "./schemas.ts"
import * as Scripted from "./scripted.ts"

/** Plays rows against a script of responses. */
const play = (script: ReadonlyArray<Scripted.Step>, identifiers: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = Scripted.make(script)
    const client = yield* AelystClient.make({ token: Redacted.make("token-for-tests") }).pipe(
      Effect.provideService(HttpClient.HttpClient, server.client),
    )
    const rows = identifiers.map((identifier) => ({ identifier, contact: { firstName: "Ana" } }))
    const run = yield* createMany(Stream.fromIterable(rows), { concurrency: 1 }).pipe(
      Effect.provideService(AelystClient.AelystClient, client),
    )
    const results = yield* Stream.runCollect(run.results)
    return { results, summary: yield* run.summary }
  })

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const int = (minimum: number, maximum: number) =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
const count = int(0, 1_000_000)
const pick = <const A extends ReadonlyArray<unknown>>(all: A) =>
  // safe: the index is one of the array's
  Arbitrary.map(int(0, all.length - 1), (index) => all[index] as A[number])

const created = Arbitrary.map(
  Arbitrary.all([identifierText, pick(["created", "exists_after_doubt"]), text, int(200, 299)]),
  ([written, result, message, status]): CreateResult => ({
    identifier: Result.getOrThrow(Identifier.parse(written)),
    outcome: result,
    result,
    ...(result === "created" && { status }),
    message,
    attempts,
    rateLimit: { limit: 10, remaining: 9 },
  }),
)

/** The part of a row's result that JSON keeps: everything but the row. */
type WithoutRow<Result = RowResult> = Result extends unknown ? Omit<Result, "row"> : never

const rowResult = oneOf<object>(
  Arbitrary.map(Arbitrary.all([count, created]), ([index, value]) => ({
    index,
    outcome: value.outcome,
    value,
  })),
  Arbitrary.map(Arbitrary.all([count, pick(examples)]), ([index, [error]]) => ({
    index,
    outcome: outcomeOf(error),
    error,
  })),
)

describe("CreateResultSchema", () => {
  it("has the type of a result, without the response", () => {
    expectTypeOf<typeof CreateResultSchema.Type>().toExtend<CreateResult>()
    expectTypeOf<Omit<CreateResult, "response">>().toExtend<typeof CreateResultSchema.Type>()
  })

  it.effect("returns what a client created, through JSON", () =>
    Effect.gen(function* () {
      const { results } = yield* play([Scripted.ok], ["email:ana@example.com"])
      const [result] = results
      assert(result !== undefined && "value" in result && result.value.response !== undefined)
      const back = throughJson(CreateResultSchema, result.value)
      assert.deepStrictEqual<object>(back, Struct.omit(result.value, ["response"]))
      // the JSON of the result itself decodes, too
      assert.deepStrictEqual(
        Schema.decodeUnknownSync(CreateResultSchema)(asJson(result.value)),
        back,
      )
    }),
  )

  it.prop(
    "returns the same result from JSON",
    [created],
    ([result]) => {
      assert.deepStrictEqual<object>(throughJson(CreateResultSchema, result), result)
    },
    runs,
  )

  it("returns the result of a contact that existed, which no row has", () => {
    const result = Struct.omit(createResult({ result: "existed" }), ["response"])
    assert.deepStrictEqual<object>(throughJson(CreateResultSchema, result), result)
    const row = { index: 0, outcome: "existed", value: result }
    assert.isFalse(Schema.is(RowResultSchema)(row))
  })

  it("says of an invalid identifier the rule and not the value", () => {
    const message = messageOf(CreateResultSchema.fields.identifier, "canary@example.com")
    assert.notInclude(message, "canary")
  })
})

describe("RowResultSchema", () => {
  it("has the type of a row's result, without the row", () => {
    expectTypeOf<typeof RowResultSchema.Type>().toExtend<WithoutRow>()
    expectTypeOf<RowResult>().toExtend<typeof RowResultSchema.Type>()
  })

  it.effect("returns the results of a run through JSON, errors as instances of their class", () =>
    Effect.gen(function* () {
      const script = [Scripted.ok, Scripted.status(400), Scripted.status(500), Scripted.ok]
      const identifiers = ["id:1", "id:2", "id:3", "email:nowhere", "id:5"]
      const { results } = yield* play(script, identifiers)
      assert.deepStrictEqual(
        results.map(({ outcome }) => outcome),
        ["created", "rejected", "unknown", "invalid", "created"],
      )
      for (const result of results) {
        const back = throughJson(RowResultSchema, result)
        assert.deepInclude(back, { index: result.index, outcome: result.outcome })
        assert.notProperty(back, "row")
        if ("value" in result) continue
        assert(!("value" in back) && isAelystError(back.error))
        assert.deepStrictEqual(back.error.toJSON(), result.error.toJSON())
      }
    }),
  )

  it.prop(
    "returns the same result from JSON",
    [rowResult],
    ([result]) => {
      const back = Schema.decodeUnknownSync(RowResultSchema)(asJson(result))
      assert.deepStrictEqual(asJson(back), asJson(result))
      assert.deepStrictEqual(asJson(throughJson(RowResultSchema, back)), asJson(result))
    },
    runs,
  )

  it("takes no error for another outcome, and none for a success", () => {
    const [error] = examples[0] ?? assert.fail("no example")
    for (const row of [
      { index: 0, outcome: "created", error: error.toJSON() },
      { index: 0, outcome: "invalid", value: {} },
      { index: 0, outcome: "unknown", error: error.toJSON() },
      { index: -1, outcome: "invalid", error: error.toJSON() },
    ]) {
      assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(RowResultSchema)(row)))
    }
  })
})

describe("RunSummarySchema", () => {
  it("has the type of a summary", () => {
    expectTypeOf<typeof RunSummarySchema.Type>().toExtend<RunSummary>()
    expectTypeOf<RunSummary>().toExtend<typeof RunSummarySchema.Type>()
  })

  it.effect("returns the counts of a run through JSON", () =>
    Effect.gen(function* () {
      const { summary } = yield* play([Scripted.ok, Scripted.status(401)], ["id:1", "id:2", "id:3"])
      assert.deepInclude(summary, { created: 1, stopped: "unauthorized" })
      assert.deepStrictEqual(throughJson(RunSummarySchema, summary), summary)
    }),
  )

  it("has a count for every outcome", () => {
    assert.includeMembers(Object.keys(RunSummarySchema.fields), [...rowOutcomes])
  })

  it.prop(
    "returns the same counts from JSON",
    [Arbitrary.schema(RunSummarySchema)],
    ([summary]) => {
      const sane = { ...summary, elapsedMs: summary.elapsedMs + 0 }
      assert.deepStrictEqual(throughJson(RunSummarySchema, sane), sane)
    },
    runs,
  )
})

describe("the schemas of results", () => {
  it.each([
    ["CreateResult", CreateResultSchema],
    ["RowResult", RowResultSchema],
    ["RunSummary", RunSummarySchema],
  ])("are named in JSON Schema: %s", (name, schema) => {
    assert.deepStrictEqual(Schema.toJsonSchemaDocument(schema).schema, { $ref: `#/$defs/${name}` })
  })
})
