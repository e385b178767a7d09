import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/index.ts"

describe("the class Sandbox", () => {
  it("has the same public members as before", () => {
    assert.deepStrictEqual(Object.getOwnPropertyNames(Sandbox.prototype).toSorted(), [
      "advance",
      "baseUrl",
      "clearFaults",
      "close",
      "closeIdle",
      "configure",
      "constructor",
      "contacts",
      "exchange",
      "fail",
      "faults",
      "ledger",
      "now",
      "origin",
      "requests",
      "reset",
      "settings",
      "subscribe",
      "timeline",
      "waitFor",
    ])
  })
})
