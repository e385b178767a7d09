import { describe, expect, it } from "vitest"

import { OutboxError } from "../src/index.ts"

describe("OutboxError", () => {
  it("has a code, a sentence with its detail, and the time to wait", () => {
    const error = new OutboxError("STORE", { detail: "The disk is full.", cause: new Error("x") })
    expect(error).toMatchObject({
      name: "OutboxError",
      code: "ERR_AELYST_OUTBOX_STORE",
      message: "The outbox could not be read or written. Nothing was stored. The disk is full.",
      retryAfterMs: undefined,
    })
    expect(new OutboxError("FULL", { retryAfterMs: 5_000 }).retryAfterMs).toBe(5_000)
  })
})
