import { Effect } from "effect"
import { assert, describe, it } from "vitest"

import * as ImportTable from "../../src/ImportTable.ts"
import { surroundings } from "../database.ts"

const { run, server } = surroundings()

const use = <A, E>(f: (table: ImportTable.ImportTable) => Effect.Effect<A, E>) =>
  run(Effect.flatMap(ImportTable.make, f))

describe("ImportTable", () => {
  it("is created once, however many processes start together", async () => {
    await server().query("DROP TABLE IF EXISTS aelyst_import, aelyst_import_wait")
    const all = Array.from({ length: 8 }, (_, index) =>
      use(({ approve }) => approve(`r_${index}`, "https://a.example", "c")),
    )
    await Promise.all(all)
    const open = await use((table) => table.open("https://a.example"))
    assert.lengthOf(open, 8)
    assert.deepInclude(open[0], { tokenClass: "c", endedAt: null })
    assert.deepStrictEqual(await use((table) => table.open("https://b.example")), [])
  })

  it("lets a range wait for longer each time, and parks it after five tries", async () => {
    await use(({ approve }) => approve("r_1", "https://a.example", "c"))
    const waits: Array<number> = []
    for (let tries = 1; tries <= 5; tries++) {
      await use((table) => table.wait("r_1", 201, "unknown", true))
      const [row] = await server().query(
        "SELECT extract(epoch FROM due_at - now()) AS s FROM aelyst_import_wait",
      )
      waits.push(Number(row?.["s"]))
      const [waiting] = await use((table) => table.waiting("r_1"))
      assert.deepStrictEqual(waiting, { from: 201, reason: "unknown", isParked: tries === 5 })
    }
    assert.deepStrictEqual(
      waits.map((seconds) => seconds > 0),
      [true, true, true, true, true],
    )
    for (const [index, seconds] of waits.entries()) assert.isAtMost(seconds, 5 * 2 ** index)
    await use((table) => table.end("r_1"))
    await use((table) => table.reopen("r_1"))
    assert.deepStrictEqual(await use((table) => table.waiting("r_1")), [])
  })

  it("does not count what says nothing about the range", async () => {
    await use(({ approve }) => approve("r_1", "https://a.example", "c"))
    for (let times = 0; times < 9; times++) {
      await use((table) => table.wait("r_1", 1, "not_sent", false))
    }
    const [waiting] = await use((table) => table.waiting("r_1"))
    assert.deepStrictEqual(waiting, { from: 1, reason: "not_sent", isParked: false })
    await server().query("UPDATE aelyst_import_wait SET due_at = now()")
    assert.deepStrictEqual(await use((table) => table.waiting("r_1")), [])
  })

  it("removes an import with the ranges that wait", async () => {
    await use(({ approve }) => approve("r_1", "https://a.example", "c"))
    await use(({ approve }) => approve("r_2", "https://a.example", "c"))
    await use((table) => table.wait("r_1", 1, "unknown", true))
    await use((table) => table.remove("r_1"))
    assert.isUndefined(await use((table) => table.get("r_1")))
    assert.isDefined(await use((table) => table.get("r_2")))
    assert.deepStrictEqual(await server().query("SELECT * FROM aelyst_import_wait"), [])
  })
})
