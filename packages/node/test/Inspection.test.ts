import { inspect } from "node:util"

import { assert, describe, it } from "@effect/vitest"

import { hideMembers } from "../src/Inspection.ts"

describe("hideMembers", () => {
  it("shows an instance by the name of its class only", () => {
    class Vault {
      readonly secret = "canary"
      static {
        hideMembers(this)
      }
    }
    assert.strictEqual(inspect(new Vault(), { depth: 5, showHidden: true }), "Vault {}")
    assert.strictEqual(inspect({ vault: new Vault() }), "{ vault: Vault {} }")
  })
})
