import { assert, describe, it } from "@effect/vitest"

import type { Row, RowResult, RunSummary } from "../src/index.ts"
import { iterate } from "./idle.ts"
import { setUp } from "./sandboxed.ts"

const rows = (count: number, name = "row"): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, index) => ({
    identifier: `email:${name}${index}@example.com`,
    contact: { firstName: "Ana" },
  }))

const collect = async (run: AsyncIterable<RowResult>): Promise<ReadonlyArray<RowResult>> => {
  const results: Array<RowResult> = []
  for await (const result of run) results.push(result)
  return results
}

/** Emits one row and never ends. */
async function* endless() {
  yield* rows(1)
  await new Promise(() => undefined)
}

function* endlessly() {
  for (;;) yield { identifier: "", contact: { firstName: "" } }
}

const sum = (summary: RunSummary): number =>
  summary.created +
  summary.existed +
  summary.existsAfterDoubt +
  summary.invalid +
  summary.rejected +
  summary.unknown +
  summary.notSent

describe("contacts.createMany", () => {
  it("creates every row and counts it once", async () => {
    await using at = await setUp()
    const progress: Array<number> = []
    const run = at.aelyst.contacts.createMany(rows(40), {
      onProgress: ({ created }) => progress.push(created),
    })
    const results = await collect(run)
    assert.deepStrictEqual(
      results.map(({ index }) => index).toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index),
    )
    const summary = await run.summary()
    assert.strictEqual(summary.created, 40)
    assert.strictEqual(summary.total, 40)
    assert.strictEqual(summary.stopped, "completed")
    assert.deepStrictEqual(progress.at(-1), 40)
    assert.strictEqual(at.sandbox.contacts().length, 40)
  })

  it("reports in its progress how long all rows wait after a 429", async () => {
    const seen: Array<readonly [created: number, waitingMs: number]> = []
    const hooked: Array<number | undefined> = []
    await using at = await setUp({ hooks: { onAttempt: ({ status }) => hooked.push(status) } })
    at.sandbox.fail({ status: 429, retryAfter: 3, times: 1 })
    const run = at.aelyst.contacts.createMany(rows(3), {
      onProgress: ({ created, waitingMs }) => seen.push([created, waitingMs]),
    })
    await collect(run)
    const [first, ...others] = seen
    assert.strictEqual(first?.[0], 0)
    // with at most 250 ms of jitter
    assert.isAbove(first?.[1] ?? 0, 0)
    assert.isAtMost(first?.[1] ?? 0, 3_251)
    assert.deepStrictEqual(others, [
      [1, 0],
      [2, 0],
      [3, 0],
    ])
    assert.deepStrictEqual(hooked, [429, 200, 200, 200])
  })

  it("returns the failures of rows as values", async () => {
    await using at = await setUp({ retries: 0, timeoutMs: 5_000 })
    const run = at.aelyst.contacts.createMany(
      [
        { identifier: "email:ok@example.com", contact: { firstName: "Ana" } },
        { identifier: "no prefix@", contact: { firstName: "" } },
        { identifier: "email:400@sandbox.test", contact: { firstName: "Ana" } },
        { identifier: "email:500@sandbox.test", contact: { firstName: "Ana" } },
        { identifier: "email:stall@sandbox.test", contact: { firstName: "Ana" } },
        { identifier: "email:ok@example.com", contact: { firstName: "Ana" } },
      ],
      { ordered: true },
    )
    const results = await collect(run)
    assert.deepStrictEqual(
      results.map(({ outcome }) => outcome),
      ["created", "invalid", "rejected", "unknown", "unknown", "existed"],
    )
    const summary = await run.summary()
    assert.strictEqual(summary.total, 6)
    assert.strictEqual(sum(summary), 6)
  })

  it("stops after a 401 and reads no more of the source", async () => {
    await using at = await setUp({ token: "sandbox_401" })
    let pulled = 0
    async function* source() {
      for (const row of rows(1_000)) {
        pulled += 1
        yield row
      }
    }
    const run = at.aelyst.contacts.createMany(source(), { concurrency: 4 })
    const results = await collect(run)
    const summary = await run.summary()
    assert.strictEqual(summary.stopped, "unauthorized")
    assert.isTrue(results.every(({ outcome }) => outcome === "not_sent"))
    assert.isBelow(pulled, 10)
    assert.strictEqual(summary.total, sum(summary))
  })

  it("stops after `maxErrors` errors", async () => {
    await using at = await setUp()
    at.sandbox.fail({ status: 400 })
    const run = at.aelyst.contacts.createMany(rows(1_000), {
      concurrency: 2,
      maxErrors: 3,
    })
    await collect(run)
    const { stopped, rejected } = await run.summary()
    assert.strictEqual(stopped, "errors")
    assert.isAtMost(rejected, 5)
  })

  it("reads the source only as fast as rows can be sent", async () => {
    await using at = await setUp({}, { limit: 5 })
    let pulled = 0
    function* source() {
      for (const row of rows(1_000_000)) {
        pulled += 1
        yield row
      }
    }
    for await (const { index } of at.aelyst.contacts.createMany(source(), { concurrency: 3 })) {
      if (index >= 4) break
    }
    assert.isBelow(pulled, 20)
  })

  it("gives every pulled row its result when it is aborted, and ends without throwing (T12)", async () => {
    await using at = await setUp()
    at.sandbox.fail({ delivery: "stall" })
    const abort = new AbortController()
    const run = at.aelyst.contacts.createMany(rows(100), { signal: abort.signal, concurrency: 2 })
    const results = collect(run)
    await at.until(() => at.posts() >= 1)
    abort.abort()
    const ended = await results
    const summary = await run.summary()
    assert.strictEqual(summary.stopped, "aborted")
    assert.isAtLeast(summary.unknown, 1)
    assert.strictEqual(summary.total, sum(summary))
    assert.strictEqual(ended.length, summary.total)
    const counts = (wanted: string) => ended.filter(({ outcome }) => outcome === wanted).length
    assert.deepStrictEqual(
      [counts("unknown"), counts("not_sent")],
      [summary.unknown, summary.notSent],
    )
  })

  it("counts rows in progress as unknown when the caller leaves the loop", async () => {
    await using at = await setUp()
    at.sandbox.fail({ delivery: "stall", match: { identifier: "email:row1@example.com" } })
    const run = at.aelyst.contacts.createMany(rows(2), { concurrency: 2 })
    for await (const { index } of run) {
      assert.strictEqual(index, 0)
      await at.until(() => at.posts() === 2)
      break
    }
    const { created, unknown } = await run.summary()
    assert.deepStrictEqual([created, unknown], [1, 1])
  })

  it("gives each result its row", async () => {
    await using at = await setUp()
    const mine = rows(5).map((row, rowNumber) => ({ ...row, rowNumber }))
    const run = at.aelyst.contacts.createMany(mine)
    for await (const { index, row } of run) {
      assert.strictEqual(row, mine[index])
      assert.strictEqual(row.rowNumber, index)
    }
    const { summary, unreported } = await run.settled()
    assert.deepStrictEqual(summary, await run.summary())
    assert.deepStrictEqual([summary.created, unreported], [5, []])
  })

  it("stops: ends what is in flight, sends no more and reads no more", async () => {
    await using at = await setUp()
    let pulled = 0
    function* source() {
      for (const row of rows(1_000)) {
        pulled += 1
        yield row
      }
    }
    const run = at.aelyst.contacts.createMany(source(), { concurrency: 4 })
    let posts = 0
    const results: Array<RowResult> = []
    for await (const result of run) {
      results.push(result)
      if (results.length === 3) {
        run.stop()
        run.stop()
        posts = at.posts()
      }
    }
    const { summary, unreported } = await run.settled()
    assert.strictEqual(summary.stopped, "stopped")
    assert.deepStrictEqual(unreported, [])
    assert.strictEqual(summary.total, results.length)
    assert.strictEqual(summary.total, sum(summary))
    // a request that had left may arrive after the stop
    assert.isAtMost(at.posts(), posts + 4)
    assert.isAtMost(pulled, results.length + 1)
    assert.strictEqual(summary.created, at.sandbox.contacts().length)
  })

  it("stops although the source emits no more rows", async () => {
    await using at = await setUp()
    const run = at.aelyst.contacts.createMany(endless())
    for await (const { outcome } of run) {
      assert.strictEqual(outcome, "created")
      run.stop()
    }
    const { created, stopped } = await run.summary()
    assert.deepStrictEqual([created, stopped], [1, "stopped"])
  })

  it("reads nothing if it is stopped before its loop", async () => {
    await using at = await setUp()
    let pulled = 0
    function* source() {
      pulled += 1
      yield* rows(1)
    }
    const run = at.aelyst.contacts.createMany(source())
    run.stop()
    const { summary } = await run.settled()
    assert.deepStrictEqual([summary.total, summary.stopped], [0, "stopped"])
    assert.deepStrictEqual(await collect(run), [])
    assert.deepStrictEqual(await run.summary(), summary)
    assert.strictEqual(pulled, 0)
  })

  it("lists the rows that an abort leaves in doubt (T12)", async () => {
    await using at = await setUp()
    at.sandbox.fail({ delivery: "stall", match: { identifier: "email:row1@example.com" } })
    const abort = new AbortController()
    const mine = rows(2)
    const run = at.aelyst.contacts.createMany(mine, { signal: abort.signal })
    const settled = run.settled()
    const results = collect(run)
    await at.until(() => at.posts() === 2)
    abort.abort()
    const reported = await results
    const { summary, unreported } = await settled
    assert.deepStrictEqual([summary.stopped, summary.total], ["aborted", 2])
    assert.deepStrictEqual(unreported, [])
    const doubtful = reported.find(({ index }) => index === 1)
    assert.strictEqual(doubtful?.row, mine[1])
    assert(doubtful?.outcome === "unknown" && doubtful.error.name === "OutcomeUnknownError")
    assert.strictEqual(doubtful.error.code, "ABORTED")
    assert.deepStrictEqual(await run.settled(), { summary, unreported })
  })

  it("settles if it is aborted or left before its first row", async () => {
    await using at = await setUp()
    const aborted = at.aelyst.contacts.createMany(rows(1), { signal: AbortSignal.abort() })
    assert.deepStrictEqual(await collect(aborted), [])
    const left = at.aelyst.contacts.createMany(rows(1))
    await left[Symbol.asyncIterator]().return?.()
    for (const run of [aborted, left]) {
      const { summary, unreported } = await run.settled()
      assert.deepStrictEqual([summary.stopped, summary.total], ["aborted", 0])
      assert.deepStrictEqual(unreported, [])
    }
    assert.strictEqual(at.posts(), 0)
  })

  for (const ordered of [true, false]) {
    it(`counts every row that the source emitted when its loop ends early, ordered: ${ordered} (T2)`, async () => {
      await using at = await setUp()
      for (let leaveAt = 0; leaveAt < 12; leaveAt++) {
        let pulled = 0
        async function* source() {
          for (const row of rows(1_000, `t2-${ordered}-${leaveAt}-`)) {
            if (pulled % 3 === 0) await iterate(1)
            pulled += 1
            yield row
          }
        }
        const run = at.aelyst.contacts.createMany(source(), { ordered, concurrency: 3 })
        for await (const { index } of run) {
          if (index >= leaveAt) break
        }
        // a row that was on its way counts when it arrives
        await iterate(10)
        const summary = await run.summary()
        assert.deepStrictEqual([summary.total, sum(summary)], [pulled, pulled])
        const { unreported } = await run.settled()
        assert.isAtLeast(unreported.length + leaveAt + 1, ordered ? pulled : 0)
      }
    })
  }

  it("gives a row that is not an object an invalid result, and continues (T3)", async () => {
    await using at = await setUp()
    const odd: ReadonlyArray<unknown> = [null, undefined, 5, "x", {}, [], ...rows(1)]
    // safe: what a caller without types may pass
    const run = at.aelyst.contacts.createMany(odd as ReadonlyArray<Row>, { ordered: true })
    assert.deepStrictEqual(
      (await collect(run)).map(({ outcome }) => outcome),
      [...Array.from({ length: 6 }, () => "invalid"), "created"],
    )
  })

  it.each([undefined, null, 5, "rows", {}])("refuses %s as its rows (T3)", async (given) => {
    await using at = await setUp()
    assert.throws(
      // safe: what a caller without types may pass
      () => at.aelyst.contacts.createMany(given as unknown as ReadonlyArray<Row>),
      "`rows` must be an iterable or an async iterable of rows",
    )
  })

  it("ends a row whose getter throws as invalid, and the others as they would (V5)", async () => {
    await using at = await setUp({}, { latencyMs: 20 })
    const throwing = (name: string) =>
      // safe: the type does not see the getter
      Object.defineProperty({ ...rows(1)[0] }, name, {
        get: () => {
          throw new Error("mine")
        },
      }) as unknown as Row
    const mine = [...rows(20), throwing("identifier"), throwing("contact"), ...rows(2, "more")]
    const results = await collect(at.aelyst.contacts.createMany(mine, { ordered: true }))
    assert.deepStrictEqual(
      results.map(({ outcome }) => outcome),
      mine.map((_, index) => (index === 20 || index === 21 ? "invalid" : "created")),
    )
  })

  it("lets deadline, abort and timers end an endless source of invalid rows (V4)", async () => {
    await using at = await setUp()
    const late = at.aelyst.contacts.createMany(endlessly(), { deadlineMs: 50 })
    for await (const { outcome } of late) assert.strictEqual(outcome, "invalid")
    assert.strictEqual((await late.summary()).stopped, "deadline")
    const abort = new AbortController()
    const run = at.aelyst.contacts.createMany(endlessly(), { signal: abort.signal })
    setTimeout(() => abort.abort(), 20)
    for await (const { outcome } of run) assert.include(["invalid", "not_sent"], outcome)
    assert.strictEqual((await run.summary()).stopped, "aborted")
  })

  it("tells a source at once that its loop ends, though its next row never comes (T14, V8)", async () => {
    await using at = await setUp()
    let returned = 0
    let pulled = 0
    const source: AsyncIterable<Row> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const row = rows(1)[pulled]
          pulled += 1
          return row === undefined ? new Promise(() => undefined) : { done: false, value: row }
        },
        return: () => {
          returned += 1
          return new Promise(() => undefined)
        },
      }),
    }
    for await (const { outcome } of at.aelyst.contacts.createMany(source)) {
      assert.strictEqual(outcome, "created")
      break
    }
    assert.strictEqual(returned, 1)
    const again = at.aelyst.contacts.createMany(source)
    const results = collect(again)
    await at.aelyst.close({ timeoutMs: 0 })
    await results
    assert.strictEqual(returned, 2)
  })

  it("throws the error that the source throws", async () => {
    await using at = await setUp()
    const mine = new Error("mine")
    async function* source() {
      yield* rows(1)
      throw mine
    }
    const run = at.aelyst.contacts.createMany(source())
    let thrown: unknown
    try {
      await collect(run)
    } catch (error) {
      thrown = error
    }
    assert.strictEqual(thrown, mine)
    const { summary, unreported } = await run.settled()
    assert.deepStrictEqual([summary.stopped, summary.total], ["aborted", 1])
    assert.deepStrictEqual(unreported, [])
  })

  it("reads a web stream", async () => {
    await using at = await setUp()
    const stream = new ReadableStream<Row>({
      start: (controller) => {
        for (const row of rows(3)) controller.enqueue(row)
        controller.close()
      },
    })
    assert.strictEqual((await collect(at.aelyst.contacts.createMany(stream))).length, 3)
  })

  it("throws when it is iterated over again", async () => {
    await using at = await setUp()
    const run = at.aelyst.contacts.createMany(rows(1))
    await collect(run)
    assert.throws(() => run[Symbol.asyncIterator](), /once/)
  })

  it("ends with a result for every pulled row when the client is closed (T12)", async () => {
    await using at = await setUp()
    at.sandbox.fail({ delivery: "stall" })
    const run = at.aelyst.contacts.createMany(rows(3))
    const results = collect(run)
    await at.until(() => at.posts() >= 1)
    await at.aelyst.close({ timeoutMs: 10 })
    const { stopped, total } = await run.summary()
    assert.strictEqual(stopped, "aborted")
    assert.strictEqual((await results).length, total)
  })
})
