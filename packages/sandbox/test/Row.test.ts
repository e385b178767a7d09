import { assert, describe, it } from "@effect/vitest"

import { byPolicy, created, either, end, fails, inDoubt, lost, row } from "../src/scenarios/Row.ts"

describe("row", () => {
  it("fills in a documented contact, a valid token and settings without faults", () => {
    const filled = row({ name: "x", expected: either(end(created, 1, 1)) })
    assert.deepInclude(filled, {
      token: "sandbox_ok",
      identifier: "email:test@example.com",
      faults: [],
      settings: {},
      exists: false,
      down: false,
    })
    assert.strictEqual(filled.contact.lastName, "Mahin")
  })

  it("reads presets, and keeps the client settings that it does not change", () => {
    const { client, faults } = row({
      name: "x",
      faults: ["500", { status: 400 }],
      client: { retries: 0 },
      expected: either(end(created, 1, 1)),
    })
    assert.deepStrictEqual(faults, [{ preset: "500" }, { status: 400 }])
    assert.deepInclude(client, { retries: 0, maxWaitMs: 5000 })
  })
})

describe("either and byPolicy", () => {
  it("expect the same end under both policies, or a different one under each", () => {
    const [one, two] = [end(created, 1, 1), end(lost, 1, 0)]
    assert.deepStrictEqual(either(one), { "at-most-once": one, "natural-key": one })
    assert.deepStrictEqual(byPolicy(two, one), { "at-most-once": two, "natural-key": one })
  })
})

describe("inDoubt", () => {
  it("creates a row with the contact created and one without", () => {
    const report = fails("InternalServerError", "unknown")
    const [after, before] = inDoubt("a 500", "500", report)
    assert.deepInclude(after, {
      name: "a 500, contact created",
      faults: [{ preset: "500-after-x1" }],
    })
    assert.deepInclude(before, {
      name: "a 500, contact not created",
      faults: [{ preset: "500-before-x1" }],
    })
    assert.deepStrictEqual(after?.expected["at-most-once"], end(report, 1, 1))
    assert.deepStrictEqual(before?.expected["at-most-once"], end(report, 1, 0))
  })
})
