import { PassThrough } from "node:stream"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

import { confirm } from "../src/Confirm.ts"

const ask = async (typed: string, byDefault = false) => {
  const input = new PassThrough()
  let shown = ""
  const output = { write: (text: string) => ((shown += text), true) }
  input.end(typed)
  const answer = await Effect.runPromise(confirm("Create 3 contacts?", byDefault, input, output))
  return { answer, shown }
}

describe("confirm", () => {
  it("reads y and n in any case, and asks again after anything else", async () => {
    assert.isTrue((await ask("Y\n")).answer)
    assert.isTrue((await ask("yes\n", false)).answer)
    assert.isFalse((await ask("No\n", true)).answer)
    const again = await ask("maybe\ny\n")
    assert.isTrue(again.answer)
    assert.lengthOf(again.shown.match(/Create 3 contacts\? \[y\/N\] /g) ?? [], 2)
  })

  it("takes the default for an empty line, and no for the end of the input", async () => {
    assert.isTrue((await ask("\n", true)).answer)
    assert.isFalse((await ask("\n", false)).answer)
    assert.isFalse((await ask("", true)).answer)
  })

  it("ends its line if it is interrupted, as by Ctrl-C", async () => {
    let shown = ""
    const output = { write: (text: string) => ((shown += text), true) }
    const asking = Effect.runFork(confirm("Create?", false, new PassThrough(), output))
    await Effect.runPromise(Fiber.interrupt(asking))
    assert.strictEqual(shown, "Create? [y/N] \n")
  })

  it("shows which answer is the default", async () => {
    assert.strictEqual((await ask("\n", true)).shown, "Create 3 contacts? [Y/n] ")
  })
})
