import { assert, describe, it } from "@effect/vitest"

import { SandboxService } from "@aelyst/sandbox/effect"
import { Effect, Stream } from "effect"

import type { ImportFile, ImportOptions } from "../src/Import.ts"
import { run } from "../src/Import.ts"
import { inTime, layerJournalled } from "./journalled.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

/** Imports a file as one process does. */
const importFile = (file: ImportFile, options: ImportOptions = {}) =>
  Effect.gen(function* () {
    const { plan, results, summary } = yield* run(file, {
      baseUrl: "http://127.0.0.1/v1",
      ...options,
    })
    const ended = yield* Stream.runCollect(results)
    return { plan, results: ended, summary: yield* summary }
  }).pipe(Effect.scoped, inTime)

const posts = Effect.map(SandboxService, (sandbox) => sandbox.requests().length)

describe("run", () => {
  it.effect("imports a file from its bytes to its results", () =>
    Effect.gen(function* () {
      const file = bytes("Email;First name;Colour\nana@example.com;Ana;red\nbo@;Bo;blue\n")
      const { plan, results, summary } = yield* importFile(file)
      assert.match(plan.runId, /^r_/)
      assert.isTrue(plan.isNew)
      assert.strictEqual(plan.head.delimiter, ";")
      assert.deepStrictEqual(plan.mapping.unmapped, [2])
      assert.deepInclude(plan.counts, { total: 2, not_sent: 1, invalid: 1 })
      assert.deepInclude(summary, { rows: 2, created: 1, invalid: 1, stopped: "completed" })
      assert.sameMembers(
        results.map(({ line, outcome }) => `${line} ${outcome}`),
        ["2 created", "3 invalid"],
      )
      const sandbox = yield* SandboxService
      assert.deepInclude(sandbox.contacts()[0], { email: "ana@example.com", firstName: "Ana" })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("sends nothing for a file that was saved in another form", () =>
    Effect.gen(function* () {
      yield* importFile(bytes("Email,First name\nana@example.com,Ana\nbo@example.com,Bo\n"))
      const other = bytes(
        '\uFEFF"First name";Email\r\nBo;bo@example.com\r\n"Ana";ana@example.com\r\n',
      )
      const { plan, summary } = yield* importFile(other)
      assert.isTrue(plan.isNew)
      assert.deepInclude(summary, { rows: 2, created: 2, earlier: 2, requests: 0 })
      assert.strictEqual(yield* posts, 2)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("sends the rows that are corrected in another file, and no others", () =>
    Effect.gen(function* () {
      const head = "Email,First name\n"
      yield* importFile(bytes(`${head}ana@example.com,Ana\nbo@,Bo\ncy@,Cy\n`))
      const { summary } = yield* importFile(bytes(`${head}bo@example.com,Bo\ncy@example.com,Cy\n`))
      assert.deepInclude(summary, { rows: 2, created: 2, earlier: 0, requests: 2 })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("keeps the runs of two accounts apart", () =>
    Effect.gen(function* () {
      const file = bytes("Email,First name\nana@example.com,Ana\n")
      yield* importFile(file, { account: "one" })
      const { summary } = yield* importFile(file, { account: "two" })
      assert.deepInclude(summary, { rows: 1, existed: 1, earlier: 0, requests: 1 })
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("plans nothing if a row is invalid and that is to stop it", () =>
    Effect.gen(function* () {
      const file = bytes("Email,First name\nana@example.com,Ana\nbo@,Bo\n")
      const refused = importFile(file, { check: { onInvalid: "abort" } })
      assert.strictEqual((yield* Effect.flip(refused))._tag, "InvalidRowsError")
      assert.strictEqual(yield* posts, 0)
    }).pipe(Effect.provide(layerJournalled())),
  )

  it.effect("checks the file again with other rules as another run", () =>
    Effect.gen(function* () {
      const file = bytes("Phone,First name\n012-345 6789,Ana\n")
      const first = yield* importFile(file)
      assert.deepInclude(first.summary, { rows: 1, invalid: 1 })
      const second = yield* importFile(file, { check: { defaultCountry: "MY" } })
      assert.deepInclude(second.summary, { rows: 1, created: 1 })
    }).pipe(Effect.provide(layerJournalled())),
  )
})
