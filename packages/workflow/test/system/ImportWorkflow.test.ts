import type { JournalError } from "@aelyst/journal"
import { Runs } from "@aelyst/journal"
import { Effect, Stream } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"

import { approved } from "../../../../apps/conformance/src/imports/Plan.ts"
import type { ImportWorkflowService } from "../../src/ImportWorkflow.ts"
import { ImportWorkflow } from "../../src/ImportWorkflow.ts"
import { posts, rangeRows, surroundings } from "../database.ts"

const { approve, run, sandbox, server, worker } = surroundings({ latencyMs: 5 })

const use = <A, E>(f: (workflow: ImportWorkflowService) => Effect.Effect<A, E>) =>
  run(Effect.flatMap(ImportWorkflow, f))

const stepOf = async (id: string) => (await use(({ status }) => status(id))).step

const reasonOf = (error: JournalError) => Effect.succeed(error.reason)

const approvalOf = (id: string) =>
  use((workflow) => workflow.approve(id).pipe(Effect.catch(reasonOf)))

describe("ImportWorkflow", () => {
  it("goes from checked to approved to ended", async () => {
    const id = await approve(20)
    await server().query("UPDATE aelyst_run SET approved = NULL")
    assert.strictEqual(await stepOf(id), "checked")
    assert.strictEqual(await worker(), "idle")
    assert.strictEqual(posts(sandbox()), 0)
    await use(({ approve: approveRun }) => approveRun(id))
    assert.strictEqual(await stepOf(id), "running")
    await worker()
    const { approvedAt = 0, endedAt = 0, step } = await use(({ status }) => status(id))
    assert.strictEqual(step, "ended")
    assert.isAtLeast(endedAt, approvedAt)
  })

  it("does not approve a run that is not planned, or is not there", async () => {
    const facts = {
      input: { sha256: "", bytes: 0, mapping: "" },
      origin: "http://127.0.0.1",
      tokenClass: "test",
      delivery: "natural-key",
      tool: "test",
    } as const
    const id = await run(
      Effect.scoped(
        Effect.flatMap(Runs, (runs) =>
          Effect.map(runs.start(facts), ({ journal }) => journal.run.id),
        ),
      ),
    )
    assert.strictEqual(await approvalOf(id), "not_planned")
    assert.strictEqual(await approvalOf("r_NONE"), "not_found")
  })

  it("pauses: no attempt begins, and workers wait until it is continued", async () => {
    const id = await approve(4 * rangeRows)
    const working = worker({ concurrency: 4, pollMs: 50 })
    while (posts(sandbox()) < 10) await sleep(5)
    await use(({ pause }) => pause(id))
    const before = posts(sandbox())
    assert.strictEqual(await stepOf(id), "paused")
    await sleep(1_000)
    // those that were under way then: two ranges with four requests each
    assert.isAtMost(posts(sandbox()), before + 8)
    await use(({ resume }) => resume(id))
    assert.strictEqual(await working, "idle")
    assert.strictEqual(posts(sandbox()), 4 * rangeRows)
    const { counts } = await use(({ status }) => status(id))
    assert.deepInclude(counts, { created: 4 * rangeRows, inDoubt: 0 })
  })

  it("is cancelled for good, and erases the contacts that are left", async () => {
    const id = await approve(4 * rangeRows)
    const working = worker({ concurrency: 4, pollMs: 50 })
    while (posts(sandbox()) < 10) await sleep(5)
    await use(({ cancel }) => cancel(id))
    assert.strictEqual(await working, "idle")
    const sent = posts(sandbox())
    const { counts, step } = await use(({ status }) => status(id))
    assert.strictEqual(step, "cancelled")
    assert.strictEqual(counts.created, sent)
    assert.isAbove(counts.not_sent, 0)
    const [left] = await server().query("SELECT count(payload) AS n FROM aelyst_row")
    assert.strictEqual(Number(left?.["n"]), 0)
    const again = await use(({ resume }) => resume(id).pipe(Effect.catch(reasonOf)))
    assert.strictEqual(again, "cancelled")
    assert.strictEqual(await worker(), "idle")
    assert.strictEqual(posts(sandbox()), sent)
  })

  it("stays as it is once it has ended", async () => {
    const id = await approve(5)
    await worker()
    for (const change of ["pause", "resume", "cancel"] as const) {
      await use((workflow) => workflow[change](id))
      assert.strictEqual(await stepOf(id), "ended")
    }
  })

  it("is sent with a token that took the place of the run's own, once that is approved", async () => {
    const id = await approve(5)
    assert.strictEqual(await worker({ tokenClass: "rotated" }), "idle")
    assert.strictEqual(posts(sandbox()), 0)
    await use(({ approve: again }) => again(id, { tokenClass: "rotated" }))
    assert.strictEqual(await worker(), "idle")
    assert.strictEqual(posts(sandbox()), 0)
    assert.strictEqual(await worker({ tokenClass: "rotated" }), "idle")
    assert.strictEqual(await stepOf(id), "ended")
    assert.strictEqual(posts(sandbox()), 5)
  })

  it("is removed with its run, but not while it may be sent", async () => {
    const id = await approve(5)
    assert.strictEqual(await use(({ remove }) => remove(id).pipe(Effect.catch(reasonOf))), "locked")
    await use(({ pause }) => pause(id))
    await use(({ remove }) => remove(id))
    assert.strictEqual(
      await use(({ status }) => status(id).pipe(Effect.catch(reasonOf))),
      "not_found",
    )
    const second = await approve(5)
    await worker()
    assert.deepStrictEqual(await use(({ prune }) => prune({ olderThanMs: 0 })), [second])
    assert.deepStrictEqual(await server().query("SELECT * FROM aelyst_run"), [])
  })

  it("can be followed to its end from anywhere", async () => {
    const id = await approve(rangeRows)
    const following = use(({ follow }) => Stream.runCollect(follow(id, "20 millis")))
    await worker()
    const steps = (await following).map(({ step }) => step)
    assert.strictEqual(steps.at(-1), "ended")
    assert.deepStrictEqual([...new Set(steps.slice(0, -1))], ["running"])
  })

  it("is sent again when its run was removed and the same file is planned again", async () => {
    const first = await approve(5)
    await worker()
    await run(Effect.flatMap(Runs, (runs) => runs.remove(first)))
    const second = await run(approved(5, sandbox().origin))
    assert.strictEqual(second, first)
    sandbox().reset()
    await worker()
    assert.strictEqual(posts(sandbox()), 5)
  })
})
