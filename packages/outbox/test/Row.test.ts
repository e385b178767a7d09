import { describe, expect, it } from "vitest"

import { claimsOf, entryOf, statsOf } from "../src/Row.ts"

const row = {
  id: "c_1",
  state: "parked",
  attempts: "2",
  doubt: true,
  status: null,
  error: "OutcomeUnknownError",
  accepted_at: "1000",
  ended_at: "2000",
}

describe("Row", () => {
  it("reads an entry of any driver: numbers as text, booleans as 0 and 1, nothing as null", () => {
    const entry = {
      id: "c_1",
      state: "parked",
      attempts: 2,
      doubt: true,
      error: "OutcomeUnknownError",
      acceptedAt: 1_000,
      endedAt: 2_000,
    }
    expect(entryOf(row)).toEqual(entry)
    expect(entryOf({ ...row, attempts: 2, doubt: 1, accepted_at: 1_000n })).toEqual(entry)
    expect(entryOf({ ...row, status: 500 })).toEqual({ ...entry, status: 500 })
  })

  it.each(["planned", "claimed", "sending"])("calls a row that is %s pending", (state) => {
    const { endedAt, ...entry } = entryOf({ ...row, state, ended_at: null })
    expect(entry.state).toBe("pending")
    expect(endedAt).toBeUndefined()
  })

  it("reads claims in the order in which they were accepted", () => {
    const claim = { epoch: "3", doubt: 0, replay: false, rounds: 1, payload: Buffer.from("p") }
    const claims = claimsOf([
      { ...claim, seq: "10", id: "c_10" },
      { ...claim, seq: "9", id: "c_9" },
    ])
    expect(claims).toMatchObject([
      { id: "c_9", epoch: 3, doubt: false, replay: false, rounds: 1 },
      { id: "c_10" },
    ])
  })

  it("adds up counts, and has no oldest row if none is pending", () => {
    const none = { created: 0, existed: 0, existsAfterDoubt: 0, rejected: 0, parked: 0 }
    expect(statsOf([{ name: "oldest", value: null }])).toEqual({ pending: 0, claimed: 0, ...none })
    const counts = [
      { name: "planned", value: 1 },
      { name: "claimed", value: "2" },
      { name: "sending", value: 4n },
      { name: "exists_after_doubt", value: 8 },
      { name: "oldest", value: "77" },
    ]
    expect(statsOf(counts)).toEqual({
      pending: 7,
      claimed: 6,
      ...none,
      existsAfterDoubt: 8,
      oldestPendingAt: 77,
    })
  })
})
