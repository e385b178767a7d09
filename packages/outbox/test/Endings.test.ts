import { attemptRecord } from "@aelyst/core/testing"
import { describe, expect, it } from "vitest"

import { backoffMs, endingOf, messageOf } from "../src/Endings.ts"
import { OutboxError } from "../src/OutboxError.ts"

describe("endingOf", () => {
  it.each([
    [[attemptRecord({ cause: "ECONNRESET" }), attemptRecord({ number: 2 })], true],
    [[attemptRecord({ status: 500 }), attemptRecord({ number: 2 })], true],
    [[attemptRecord({ status: 429 }), attemptRecord({ number: 2 })], false],
    [[attemptRecord({ status: 401 }), attemptRecord({ number: 2 })], false],
    [[attemptRecord({ phase: "connect", cause: "ECONNREFUSED" }), attemptRecord()], false],
    [[attemptRecord()], false],
  ])("says whether a response before the last one was lost: %j", (attempts, lost) => {
    expect(endingOf({ outcome: "created", value: { attempts } })).toEqual({ ending: {}, lost })
  })

  it("has the status and the name of the error that ended it", () => {
    const error = Object.assign(new Error("no"), {
      name: "BadRequestError",
      status: 400,
      attempts: [],
    })
    expect(endingOf({ outcome: "rejected", error })).toEqual({
      ending: { status: 400, error: "BadRequestError" },
      lost: false,
    })
    expect(endingOf({ outcome: "unknown", error }).lost).toBe(true)
  })
})

describe("backoffMs", () => {
  it("doubles from ten seconds to an hour", () => {
    expect([0, 1, 8, 9, 100].map(backoffMs)).toEqual([
      10_000, 20_000, 2_560_000, 3_600_000, 3_600_000,
    ])
  })
})

describe("messageOf", () => {
  it("says the reason of an error of the outbox, and the message of every other one", () => {
    expect(messageOf(new OutboxError("STORE", { detail: "The disk is full." }))).toBe(
      "The disk is full.",
    )
    expect(messageOf(new OutboxError("CLOSED"))).toBe("The outbox is closed. Nothing was stored.")
    expect(messageOf(new Error("other"))).toBe("other")
    expect(messageOf(5)).toBe("unknown")
  })
})
