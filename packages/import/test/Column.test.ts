import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"

import { isOwn, quote, reference, resolve, resolveAll, shownName } from "../src/map/Column.ts"

const columns = ["Email", "E-Mail Work", "Phone", "Phone", "", "a|b", "3"]

describe("columns", () => {
  it("are found by name, by the same name in other letters, and by position", () => {
    for (const [text, at] of [
      ["Email", 0],
      ["e_mail WORK", 1],
      ["#4", 3],
      ["#5", 4],
      ["3", 6],
    ] as const) {
      assert.strictEqual(Result.getOrThrow(resolve(columns, text)), at, text)
    }
  })

  it("are not found between two of one name, or outside the table", () => {
    for (const text of ["Phone", "#0", "#8", "#99999", "Emails", ""]) {
      assert(Result.isFailure(resolve(columns, text)), text)
    }
    const twice = resolve(columns, "phone")
    assert(Result.isFailure(twice))
    assert.strictEqual(twice.failure.fix, "write #3 or #4 for its position")
  })

  it("are found in a list, also with a name that has the separator", () => {
    assert.deepStrictEqual(Result.getOrThrow(resolveAll(columns, "Email | E-Mail Work")), [0, 1])
    assert.deepStrictEqual(Result.getOrThrow(resolveAll(columns, "a|b")), [5])
  })

  it("are named so that they are found again", () => {
    for (const at of columns.keys()) {
      assert.strictEqual(Result.getOrThrow(resolve(columns, reference(columns, at))), at)
    }
  })

  it("are shown without characters that a terminal obeys", () => {
    assert.strictEqual(shownName("a\u001b[2J"), '"a\ufffd[2J"')
    assert.strictEqual(reference(["a\u001b[2J", "b"], 0), "#1")
  })

  it("are quoted for a shell", () => {
    assert.strictEqual(quote("email=Email"), "email=Email")
    assert.strictEqual(quote("email=E Mail"), "'email=E Mail'")
    assert.strictEqual(quote("it's"), String.raw`'it'\''s'`)
  })

  it("of earlier reports are known", () => {
    assert(isOwn("_aelyst_line") && isOwn(" _AELYST_code"))
    assert(!isOwn("aelyst_line"))
  })
})
