import { afterEach, describe, expect, it, vi } from "vitest"

import { check } from "../src/options.ts"

afterEach(() => vi.unstubAllEnvs())

const key = Buffer.alloc(32, 7).toString("base64")

describe("options", () => {
  it("has a default for each", () => {
    expect(check({})).toMatchObject({
      delivery: "natural-key",
      concurrency: 16,
      maxPending: 100_000,
      maxRounds: 8,
      leaseMs: 5_000,
      retentionMs: 604_800_000,
      keys: [],
    })
  })

  it.each([
    [{ concurrency: 0 }, "`concurrency` must be an integer between 1 and 1,000 (got 0)"],
    [{ leaseMs: 1.5 }, "`leaseMs` must be an integer between 1,000 and 60,000 (got 1.5)"],
    [{ maxPending: "9" }, "`maxPending` must be an integer between 1 and 10,000,000 (got string)"],
    [{ delivery: "once" }, '`delivery` must be "natural-key" or "at-most-once"'],
    [{ onEnd: 5 }, "`onEnd` must be a function (got 5)"],
    [{ encryptionKeys: "x" }, "`encryptionKeys` must be a list of keys (got string)"],
    [{ encryptionKeys: () => undefined }, "`encryptionKeys` must be a list of keys"],
  ])("refuses %j by name", (options, message) => {
    // safe: the types forbid these options
    const given = options as object
    expect(() => check(given)).toThrow(
      expect.objectContaining({ name: "TypeError", message, code: "ERR_AELYST_CONFIG" }),
    )
  })

  it("names an option that there is none of, and lists those that there are", () => {
    const given: object = { lease: 5 }
    expect(() => check(given)).toThrow(/^`lease` is not an option; there are concurrency, /)
  })

  it("never shows a key", () => {
    const given = { encryptionKeys: ["c2VjcmV0"] }
    expect(() => check(given)).toThrow(/^`encryptionKeys` must hold keys of 32 bytes/)
    expect(() => check(given)).not.toThrow(/c2VjcmV0/)
  })

  it("takes keys from the environment, a list or a function", () => {
    expect(check({ encryptionKeys: [key, Buffer.alloc(32)] }).keys).toHaveLength(2)
    expect(check({ encryptionKeys: () => [key] }).keys).toHaveLength(1)
    vi.stubEnv("AELYST_OUTBOX_KEY", `${key},${key}`)
    expect(check({}).keys).toHaveLength(2)
    expect(check({ encryptionKeys: [] }).keys).toEqual([])
  })

  it("ignores a failure of the app's own log", () => {
    const { log } = check({
      log: () => {
        throw new Error("the log is full")
      },
    })
    expect(() => log({ level: "warn", code: "C", message: "m" })).not.toThrow()
  })
})
