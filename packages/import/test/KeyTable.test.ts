import { assert, describe, it } from "@effect/vitest"

import { KeyTable } from "../src/check/KeyTable.ts"

describe("a table of keys", () => {
  it("finds each of many keys, also after it has grown", () => {
    const table = new KeyTable()
    const count = 20_000
    for (let at = 1; at <= count; at++)
      table.set(`email:${at}@example.com`, { number: at, line: at * 2 })
    for (let at = 1; at <= count; at++) {
      assert.deepStrictEqual(table.get(`email:${at}@example.com`), { number: at, line: at * 2 })
    }
    for (let at = 1; at <= count; at++) assert.isUndefined(table.get(`email:${at}@example.org`))
  })

  it("replaces the row of a key", () => {
    const table = new KeyTable()
    table.set("a", { number: 1, line: 2 })
    table.set("a", { number: 5, line: 7 })
    assert.deepStrictEqual(table.get("a"), { number: 5, line: 7 })
  })
})
