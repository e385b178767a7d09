import { assert, describe, expectTypeOf, it } from "@effect/vitest"

import type { CallOptions, ClientOptions } from "../src/call/ClientOptions.ts"
import type { OptionEntry, OptionName } from "../src/call/OptionTable.ts"
import { optionTable, optionTexts } from "../src/call/OptionTable.ts"
import type { RunOptions } from "../src/CreateMany.ts"

const entries: ReadonlyArray<readonly [name: string, entry: OptionEntry]> =
  Object.entries(optionTable)

const namesIn = (scope: OptionEntry["scopes"][number]) =>
  entries.filter(([, { scopes }]) => scopes.includes(scope)).map(([name]) => name)

/** Lists the keys of a type; the compiler refuses a list that is not exact. */
const keysOf =
  <A>() =>
  <const Keys extends ReadonlyArray<keyof A>>(
    ...keys: Exclude<keyof A, Keys[number]> extends never ? Keys : never
  ): ReadonlyArray<string> =>
    keys.map(String)

describe("optionTable", () => {
  it("has the options of a client, and the token", () => {
    const keys = keysOf<ClientOptions>()(
      "baseUrl",
      "delivery",
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "doubtDelay",
      "settle",
      "maxQueue",
      "rateLimit",
      "exists",
      "customFields",
      "propagateTrace",
    )
    assert.sameMembers(namesIn("client"), ["token", ...keys])
  })

  it("has the options of a call", () => {
    const keys = keysOf<CallOptions>()(
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "delivery",
      "settle",
      "headers",
    )
    assert.sameMembers(namesIn("call"), [...keys])
  })

  it("has the options of a run", () => {
    const keys = keysOf<RunOptions>()(
      "concurrency",
      "ordered",
      "delivery",
      "retries",
      "timeout",
      "deadline",
      "maxWait",
      "giveUpAfter",
      "maxErrors",
      "onProgress",
    )
    assert.sameMembers(namesIn("run"), [...keys])
  })

  it("has defaults within their own ranges", () => {
    for (const [name, entry] of entries) {
      if (entry.kind === "choice") assert.include(entry.choices, entry.default)
      if (entry.kind !== "integer" && entry.kind !== "duration") continue
      assert.isBelow(entry.least, entry.most)
      assert.isAtLeast(entry.default, entry.least, name)
      if (Number.isFinite(entry.default)) assert.isAtMost(entry.default, entry.most, name)
    }
  })

  it("describes every option in one sentence without a full stop", () => {
    expectTypeOf<keyof typeof optionTexts>().toEqualTypeOf<OptionName>()
    for (const [name] of entries) {
      // safe: the keys of the table
      const { sentence } = optionTexts[name as OptionName]
      assert.match(sentence, /^[A-Z`].{10,100}[^.]$/, name)
    }
  })

  it("says the default in words where there is no value for it", () => {
    for (const [name, entry] of entries) {
      // safe: the keys of the table
      const { otherwise } = optionTexts[name as OptionName]
      const needsWords = entry.default === undefined || entry.default === Number.POSITIVE_INFINITY
      assert.strictEqual(otherwise !== undefined, needsWords, name)
    }
  })
})
