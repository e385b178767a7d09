import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expectTypeOf } from "vitest"

import type { AelystError } from "../src/errors/AelystError.ts"
import { BadRequestError, InternalServerError } from "../src/errors/AelystError.ts"
import type { ExistsError } from "../src/errors/ExistsError.ts"
import { isExists } from "../src/errors/ExistsError.ts"

const exists = new BadRequestError({ attempts: [], status: 409, exists: true })

describe("isExists", () => {
  it("is true only for a rejection because the contact exists", () => {
    assert.isTrue(isExists(exists))
    for (const other of [
      new BadRequestError({ attempts: [], status: 400, exists: false }),
      new InternalServerError({ attempts: [], status: 500 }),
      { _tag: "BadRequestError", exists: true },
      undefined,
    ]) {
      assert.isFalse(isExists(other))
    }
  })

  it.effect("narrows the error that it catches", () =>
    Effect.gen(function* () {
      const failing: Effect.Effect<string, AelystError> = Effect.fail(exists)
      const caught = failing.pipe(
        Effect.catchIf(isExists, (error) => {
          expectTypeOf(error).toEqualTypeOf<ExistsError>()
          expectTypeOf(error.exists).toEqualTypeOf<true>()
          return Effect.succeed(error.status)
        }),
      )
      expectTypeOf(caught).toEqualTypeOf<Effect.Effect<string | number, AelystError>>()
      assert.strictEqual(yield* caught, 409)
    }),
  )
})
