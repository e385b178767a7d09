import { assert, describe, it } from "@effect/vitest"

import * as command from "../src/cli/Command.ts"
import * as effect from "../src/effect.ts"
import * as index from "../src/index.ts"
import * as scenarios from "../src/scenarios.ts"

describe("the public names", () => {
  it.each([
    ["@aelyst/sandbox", index, ["Sandbox"]],
    ["@aelyst/sandbox/command", command, ["runSandbox"]],
    [
      "@aelyst/sandbox/effect",
      effect,
      ["SandboxService", "layer", "layerServer", "makeHttpClient"],
    ],
    ["@aelyst/sandbox/scenarios", scenarios, ["play", "scenarios", "variants"]],
  ])("of %s do not change unnoticed", (_, entry, names) => {
    assert.deepStrictEqual(Object.keys(entry).toSorted(), names)
  })

  it("of the class Sandbox do not change unnoticed", () => {
    assert.deepStrictEqual(Object.getOwnPropertyNames(index.Sandbox.prototype).toSorted(), [
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
