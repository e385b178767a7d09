import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"

import * as Pacer from "../src/pacing/Pacer.ts"
import { PacerSnapshotSchema } from "../src/pacing/PacerSnapshotSchema.ts"
import { oneOf, runs } from "./inputs.ts"
import { throughJson } from "./schemas.ts"

const encode = Schema.encodeSync(PacerSnapshotSchema)

const count = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e9 })))
const duration = Arbitrary.map(count, (micros) => Duration.millis(micros / 1000))
const maybe = <K extends string>(name: K) =>
  oneOf<{ readonly [Name in K]?: Duration.Duration }>(
    Arbitrary.Constant({}),
    // safe: a computed name of this type
    Arbitrary.map(duration, (value) => ({ [name]: value }) as { [Name in K]: Duration.Duration }),
  )

const snapshots = Arbitrary.map(
  Arbitrary.all([
    Arbitrary.all({ limit: count, remaining: count, waiting: count, inFlight: count }),
    Arbitrary.all({
      reported: Arbitrary.schema(Schema.Boolean),
      trusted: Arbitrary.schema(Schema.Boolean),
    }),
    Arbitrary.all([maybe("window"), maybe("opensIn"), maybe("observedAgo")]),
  ]),
  ([counts, known, [window, opensIn, observedAgo]]): Pacer.PacerSnapshot => ({
    ...counts,
    ...known,
    ...window,
    ...opensIn,
    ...observedAgo,
  }),
)

describe("PacerSnapshotSchema", () => {
  it("has the type of a snapshot", () => {
    expectTypeOf<typeof PacerSnapshotSchema.Type>().toExtend<Pacer.PacerSnapshot>()
    expectTypeOf<Pacer.PacerSnapshot>().toExtend<typeof PacerSnapshotSchema.Type>()
  })

  it.effect("encodes the state of a pacer with its times in milliseconds", () =>
    Effect.gen(function* () {
      const pacer = yield* Pacer.make({ key: "api", store: Pacer.memoryStore() })
      const ticket = yield* pacer.enter
      const permit = yield* ticket.acquire()
      yield* permit.observe({ rateLimited: true, limit: 5, remaining: 0, retryAfterMs: 2_000 })
      const snapshot = yield* pacer.snapshot
      const json = encode(snapshot)
      assert.deepInclude(json, {
        limit: 5,
        reported: true,
        remaining: 0,
        trusted: false,
        observedAgoMs: 0,
      })
      assert.isAtLeast(json.opensInMs ?? 0, 2_000)
      assert.notProperty(json, "windowMs")
      assert.deepStrictEqual(throughJson(PacerSnapshotSchema, snapshot), snapshot)
    }),
  )

  it.prop(
    "returns the same snapshot from JSON",
    [snapshots],
    ([snapshot]) => {
      assert.deepStrictEqual(throughJson(PacerSnapshotSchema, snapshot), snapshot)
    },
    runs,
  )

  it("is named in JSON Schema", () => {
    const { definitions, schema } = Schema.toJsonSchemaDocument(PacerSnapshotSchema)
    assert.deepStrictEqual(schema, { $ref: "#/$defs/PacerSnapshot" })
    assert.hasAnyKeys(definitions["PacerSnapshot"]?.["properties"], ["windowMs"])
  })
})
