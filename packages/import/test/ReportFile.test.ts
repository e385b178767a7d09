import { readFile } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import { toMappingFile } from "../src/map/MappingFile.ts"
import { writeReport } from "../src/report/ReportFile.ts"
import { inDirectory } from "./directories.ts"
import { checkRows, mapped, rowsOf } from "./tables.ts"

describe("the report for programs", () => {
  it("has the counts and no value of a row", () =>
    inDirectory(async (directory) => {
      const columns = ["First name", "Email"]
      const secrets = ["Siti Canary", "siti.canary@example.com", "canary@", "Tan Constant"]
      const { summary } = await checkRows(
        columns,
        rowsOf([
          [secrets[0] ?? "", secrets[1] ?? ""],
          [secrets[0] ?? "", secrets[2] ?? ""],
        ]),
      )
      const report: Parameters<typeof writeReport>[1] = {
        schemaVersion: 1,
        source: { name: "leads.csv", format: "csv", encoding: "utf-8", headerLine: 1 },
        mapping: toMappingFile(mapped(columns, { set: ["lastName=Tan Constant"] }).mapping),
        check: summary,
      }
      const path = await Effect.runPromise(writeReport(join(directory, "r.json"), report))
      const text = await readFile(path, "utf8")
      const { mapping, ...rest } = report
      assert.deepStrictEqual(JSON.parse(text), {
        ...JSON.parse(JSON.stringify(rest)),
        mapping: { ...mapping, set: ["lastName"] },
      })
      for (const secret of secrets) assert.notInclude(text, secret)
      const next = await Effect.runPromise(writeReport(join(directory, "r.json"), report))
      assert.strictEqual(next, join(directory, "r.2.json"))
    }))
})
