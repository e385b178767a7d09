import { assert, describe, it } from "@effect/vitest"

import { make } from "../src/pacing/PacerState.ts"
import { bodyOf, decode, encode } from "../src/pacing/SharedRecord.ts"

const state = { ...make({ prior: { limit: 10, windowMs: 1000 } }), nowMs: 1_700_000_000_000.25 }
const record = { state, shiftMs: -3.5, comeback: undefined }

describe("SharedRecord", () => {
  it("reads what it wrote", () => {
    assert.deepStrictEqual(decode(encode("a.1", record)), record)
    const comeback = { untilMs: 7, processes: ["a"] }
    assert.deepStrictEqual(decode(encode("a.2", { ...record, comeback }))?.comeback, comeback)
  })

  it("reads no text but the one that was written with its version", () => {
    const { text, version } = encode("a.1", record)
    assert.isUndefined(decode({ version: "", text: "" }))
    assert.isUndefined(decode({ version, text: text.replace("10", "11") }))
    assert.isUndefined(decode({ version: "junk", text }))
  })

  it("has the same body if only the time differs", () => {
    assert.strictEqual(bodyOf({ ...state, nowMs: 5 }), bodyOf(state))
    assert.notStrictEqual(bodyOf({ ...state, limit: 5 }), bodyOf(state))
  })
})
