import { afterAll, assert, describe, it } from "@effect/vitest"

import { Sandbox } from "@aelyst/sandbox"
import type { SandboxOptions } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { ContactImport, ImportContactsOptions } from "../src/ImportContacts.ts"
import { importContacts } from "../src/ImportContacts.ts"
import type { RowResult } from "../src/types.ts"

const directories: string[] = []
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Returns a sandbox without a port, and the options of an import into it with a new directory. */
const setUp = (settings: SandboxOptions = {}) => {
  const sandbox = Sandbox.inProcess({ limit: 1_000, ...settings })
  const journal = mkdtempSync(join(tmpdir(), "aelyst-import-"))
  directories.push(journal)
  const options: ImportContactsOptions = {
    journal,
    token: sandbox.tokens.ok,
    baseUrl: sandbox.baseUrl,
    transport: sandbox.fetch,
  }
  return { sandbox, options }
}

const bytes = (text: string) => new TextEncoder().encode(text)
const people = (count: number) =>
  Array.from({ length: count }, (_, at) => `row${at + 1}@example.com,Ana`).join("\n")
const file = (count: number) => bytes(`Email,First name\n${people(count)}\n`)

const collect = async (run: ContactImport): Promise<ReadonlyArray<RowResult>> => {
  const results: RowResult[] = []
  for await (const result of run) results.push(result)
  return results
}

describe("importContacts", () => {
  it("creates the contacts of a file, and says what is wrong with the others", async () => {
    const { options, sandbox } = setUp()
    const run = importContacts(
      bytes("Email,First name\nana@example.com,Ana\nbo@,Bo\nana@example.com,Ana\n"),
      options,
    )
    assert.strictEqual((await run.summary()).rows, 0)
    const results = await collect(run)
    assert.deepStrictEqual(results.map(({ line, outcome }) => `${line} ${outcome}`).toSorted(), [
      "2 created",
      "3 invalid",
      "4 duplicate",
    ])
    const summary = await run.summary()
    assert.deepInclude(summary, { rows: 3, created: 1, invalid: 1, duplicate: 1 })
    assert.strictEqual(summary.stopped, "completed")
    assert.strictEqual(sandbox.contacts().length, 1)
  })

  it("sends nothing the second time", async () => {
    const { options, sandbox } = setUp()
    await collect(importContacts(file(5), options))
    const again = importContacts(file(5), options)
    const results = await collect(again)
    assert.isTrue(results.every(({ earlier }) => earlier))
    assert.deepInclude(await again.summary(), { created: 5, earlier: 5, requests: 0 })
    assert.strictEqual(sandbox.requests().length, 5)
  })

  it("asks before the first request, and sends nothing without consent", async () => {
    const { options, sandbox } = setUp()
    const seen: Array<number | undefined> = []
    const run = importContacts(file(3), {
      ...options,
      confirm: async ({ counts, mapping }) => {
        seen.push(counts.not_sent, mapping.fields.email?.[0])
        return false
      },
    })
    assert.deepStrictEqual(await collect(run), [])
    assert.deepStrictEqual(seen, [3, 0])
    assert.deepInclude(await run.summary(), { rows: 3, not_sent: 3, stopped: "stopped" })
    assert.strictEqual(sandbox.requests().length, 0)
  })

  it("ends without throwing when its signal aborts, and continues the next time", async () => {
    const { options, sandbox } = setUp({ latencyMs: 20 })
    const controller = new AbortController()
    const run = importContacts(file(30), {
      ...options,
      concurrency: 2,
      doubtDelayMs: 1_000,
      signal: controller.signal,
    })
    let ended = 0
    for await (const { outcome } of run) {
      if (outcome === "created") ended += 1
      if (ended === 5) controller.abort()
    }
    const { created, rows, stopped, unknown, not_sent } = await run.summary()
    assert.strictEqual(stopped, "aborted")
    assert.strictEqual(created + unknown + not_sent, rows)
    const again = importContacts(file(30), { ...options, doubtDelayMs: 1_000 })
    await collect(again)
    const summary = await again.summary()
    assert.strictEqual(summary.created + summary.exists_after_doubt, 30)
    assert.strictEqual(sandbox.contacts().length, 30)
  })

  it("does nothing if its signal was aborted before", async () => {
    const { options, sandbox } = setUp()
    const run = importContacts(file(3), { ...options, signal: AbortSignal.abort() })
    assert.deepStrictEqual(await collect(run), [])
    assert.strictEqual(sandbox.requests().length, 0)
  })

  it("throws in the loop what keeps it from beginning", async () => {
    const { options } = setUp()
    const failed = async (content: Uint8Array | string) => {
      try {
        await collect(importContacts(content, options))
        return "nothing"
      } catch (error) {
        return error instanceof Error ? error.name : String(error)
      }
    }
    assert.strictEqual(await failed("no/such/file.csv"), "ReadError")
    assert.strictEqual(await failed(bytes("Colour,Size\nred,4\n")), "MappingError")
  })

  it("throws at once for an option that is wrong, by the name that it has here", () => {
    const { options } = setUp()
    const wrong = (extra: object) => {
      try {
        // safe: the type of the options is what is tested
        importContacts(file(1), { ...options, ...extra } as ImportContactsOptions)
        return undefined
      } catch (error) {
        return error instanceof TypeError ? Reflect.get(error, "option") : error
      }
    }
    assert.strictEqual(wrong({ journal: "" }), "journal")
    assert.strictEqual(wrong({ doubtDelayMs: 5 }), "doubtDelayMs")
    assert.strictEqual(wrong({ concurrency: 0 }), "concurrency")
    assert.strictEqual(wrong({ transport: {} }), "transport")
    assert.strictEqual(wrong({ token: "a b" }), "token")
    assert.strictEqual(wrong({ limits: 3 }), "limits")
    assert.strictEqual(wrong({ limit: 0 }), "limit")
    assert.strictEqual(wrong({ sample: 1.5 }), "sample")
  })

  it("shows its progress, at the end as well", async () => {
    const { options } = setUp()
    const seen: Array<string | undefined> = []
    const onProgress: ImportContactsOptions["onProgress"] = ({ stopped }) => {
      seen.push(stopped)
      throw new Error("a mistake in a callback")
    }
    const run = importContacts(file(3), { ...options, onProgress })
    await collect(run)
    assert.strictEqual(seen.at(-1), "completed")
    assert.strictEqual((await run.summary()).created, 3)
  })

  it("can be stopped, and lets requests under way end", async () => {
    const { options, sandbox } = setUp({ latencyMs: 20 })
    const run = importContacts(file(30), { ...options, concurrency: 2 })
    for await (const _ of run) run.stop()
    const summary = await run.summary()
    assert.strictEqual(summary.stopped, "stopped")
    assert.strictEqual(summary.unknown, 0)
    assert.strictEqual(sandbox.contacts().length, summary.created)
    assert.isAbove(summary.not_sent, 0)
  })
})
