import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { check } from "../src/check/Check.ts"
import { map } from "../src/map/ColumnMapping.ts"
import { read } from "../src/read/Read.ts"
import { openRejects, reportPaths } from "../src/report/Rejects.ts"
import type { CheckedRow, SourceRow } from "../src/types.ts"
import { inDirectory } from "./directories.ts"

/** Imports a file as far as its rejects, as the command does, and returns the rows and the path of the rejects. */
const rejectsOf = (path: string) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const { head, rows } = yield* read(path)
        const { mapping } = yield* Effect.fromResult(map(head, { custom: ["Note"] }))
        const checked = yield* check(rows, mapping, { defaultCountry: "MY" })
        const rejects = yield* openRejects({ path: reportPaths(path, head.format).rejects, head })
        const all = yield* Stream.runCollect(
          Stream.tap(checked.rows, (row) =>
            row.state === "invalid"
              ? rejects.add({ row: row.row, problems: row.problems, status: "invalid" })
              : Effect.void,
          ),
        )
        return { rows: all, file: yield* rejects.commit }
      }),
    ),
  )

const problemsOf = (rows: readonly CheckedRow[]) =>
  rows.flatMap((row) =>
    row.state === "invalid"
      ? [row.problems.map(({ code, column, reason }) => `${code} ${column} ${reason}`)]
      : [],
  )

const ownCells = ({ cells }: SourceRow) => cells.slice(0, 4)

const csv = [
  "First name;Email;Phone;Note",
  'Ana;ana@example.com;;"two\nlines; and ""quotes"""',
  ';b@;="12";  spaces  ',
  "Cy;;6.01E+10;'=1+1",
  "Di;di@example.com;;note;one too many",
  "Ed;ed@;;=1+1",
].join("\r\n")

describe("a file of rejects", () => {
  it("imports to the same rejects if it is untouched, and to contacts once corrected", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "leads.csv")
      await writeFile(path, `\ufeff${csv}`)
      const first = await rejectsOf(path)
      assert.deepStrictEqual(first.file, { path: join(directory, "leads.rejects.csv"), rows: 4 })
      const second = await rejectsOf(first.file?.path ?? "")
      assert.deepStrictEqual(second.file, { path: join(directory, "leads.rejects.2.csv"), rows: 4 })
      assert.deepStrictEqual(problemsOf(second.rows), problemsOf(first.rows))
      const invalid = first.rows.filter(({ state }) => state === "invalid")
      assert.deepStrictEqual(
        second.rows.map(({ row }) => ownCells(row)),
        invalid.map(({ row }) => ownCells(row)),
      )
      const path2 = second.file?.path ?? ""
      const third = await rejectsOf(path2)
      assert.deepStrictEqual(problemsOf(third.rows), problemsOf(first.rows))
      const text = await readFile(path2, "utf8")
      await writeFile(
        path2,
        text.replace("6.01E+10", "012-345 6789").replace("ed@", "ed@example.com"),
      )
      const corrected = await rejectsOf(path2)
      assert.deepStrictEqual(
        corrected.rows.map((row) => (row.state === "ready" ? row.identifier : row.state)),
        ["invalid", "phone:+60123456789", "invalid", "email:ed@example.com"],
      )
    }))

  it("names the line and the column in which each problem is found", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "leads.csv")
      await writeFile(path, csv)
      // the first contact has two lines
      const lines = csv.split(/\r?\n/).map((line) => line.split(";"))
      const { file, rows } = await rejectsOf(path)
      const seen = rows.flatMap((row) => (row.state === "invalid" ? row.problems : []))
      assert.deepStrictEqual(
        seen.map(({ line }) => line),
        [4, 4, 4, 5, 6, 7],
      )
      for (const { column, line, value = "" } of seen) {
        if (column === undefined) continue
        const at = lines[0]?.indexOf(column) ?? -1
        assert.include(lines[line - 1]?.[at], value, `line ${line}, ${column}`)
      }
      const written = (await readFile(file?.path ?? "", "utf8")).trimEnd().split("\r\n").slice(1)
      assert.lengthOf(written, 4)
      for (const [at, line] of [4, 5, 6, 7].entries()) assert.include(written[at], `;${line};`)
    }))

  it("is of the format of its source", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "leads.ndjson")
      const records = [
        { firstName: "Ana", email: "ana@", Note: 5 },
        { firstName: "", email: "bo@example.com", Note: "x" },
      ]
      await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""))
      const first = await rejectsOf(path)
      assert(first.file !== undefined)
      assert.strictEqual(first.file.path, join(directory, "leads.rejects.ndjson"))
      const second = await rejectsOf(first.file.path)
      assert.deepStrictEqual(problemsOf(second.rows), problemsOf(first.rows))
    }))

  it("is not there without rejects", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "leads.csv")
      await writeFile(path, "First name;Email;Note\nAna;ana@example.com;\n")
      assert.isUndefined((await rejectsOf(path)).file)
    }))

  it("holds more rows than fit into its buffer", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "leads.csv")
      const rows = Array.from({ length: 3000 }, (_, at) => `;person${at}@;012;${"x".repeat(50)}`)
      await writeFile(path, ["First name;Email;Phone;Note", ...rows].join("\n"))
      const first = await rejectsOf(path)
      assert(first.file !== undefined)
      assert.strictEqual(first.file.rows, 3000)
      assert.lengthOf((await rejectsOf(first.file.path)).rows, 3000)
    }))
})

describe("the paths of reports", () => {
  it("are next to the source, and stay the same for rejects of rejects", () => {
    assert.deepStrictEqual(reportPaths(join("a", "leads.csv"), "csv"), {
      rejects: join("a", "leads.rejects.csv"),
      report: join("a", "leads.report.json"),
    })
    assert.strictEqual(reportPaths("leads.xlsx", "xlsx").rejects, "leads.rejects.csv")
    assert.strictEqual(reportPaths("leads.json", "json").rejects, "leads.rejects.ndjson")
    assert.strictEqual(reportPaths("leads.rejects.3.tsv", "tsv").rejects, "leads.rejects.tsv")
  })
})
