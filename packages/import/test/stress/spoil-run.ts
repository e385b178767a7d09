/** Reads spoiled files and reports the size of the live heap after each part, for Read.test.ts. */
import * as Effect from "effect/Effect"

import { fixtures } from "../fixtures/make.ts"
import { readSpoiled } from "../mutations.ts"

const [count = 0, parts = 1] = process.argv.slice(2).map(Number)
const files = (await fixtures()).filter(({ bytes }) => bytes.length < 20_000)
for (let part = 0; part < parts; part++) {
  const { read, errors } = await Effect.runPromise(
    readSpoiled(files, count, part * count + 1_000_000),
  )
  globalThis.gc?.()
  process.send?.({ read, errors: Object.fromEntries(errors), live: process.memoryUsage().heapUsed })
}
