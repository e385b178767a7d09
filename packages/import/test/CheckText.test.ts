import { assert, describe, it } from "@effect/vitest"

import { checkedLines, findingLines, mappingLines, tableLine } from "../src/report/CheckText.ts"
import { FindingsCollector } from "../src/report/Findings.ts"
import { checkRows, mapped, rowsOf } from "./tables.ts"

const columns = [
  "Record ID",
  "First Name",
  "Mobile Phone Number",
  "Phone Number",
  "Email",
  "Country/Region",
  "Lead Status",
  "Company Website",
  "Birthday",
]
const map = { custom: ["Birthday:date"] }

describe("the report of a check", () => {
  it("says what was read and how its columns are used", () => {
    const head = {
      format: "csv",
      encoding: "utf-8",
      bom: true,
      delimiter: ";",
      headerLine: 1,
    } as const
    assert.strictEqual(
      tableLine({ source: "leads.csv", head, rows: 1204, program: "HubSpot" }),
      'Reading leads.csv  1,204 rows · UTF-8 (BOM) · ";" separated · looks like an export of HubSpot',
    )
    const other = {
      format: "tsv",
      encoding: "windows-1252",
      bom: false,
      delimiter: "\t",
      headerLine: 3,
    } as const
    assert.strictEqual(
      tableLine({ source: "stdin", head: other, rows: 1 }),
      "Reading stdin  1 row · Windows-1252 · tab separated · header on line 3",
    )
    const { mapping, suggestions } = mapped(columns, { ...map, set: ["language=ms"] })
    assert.strictEqual(mapping.preset, "hubspot")
    const add = suggestions.find(({ column }) => column === "Company Website")?.flag
    assert.deepStrictEqual(mappingLines(mapping, add), [
      'Columns  firstName ← "First Name"',
      '         phone ← "Mobile Phone Number", else "Phone Number"',
      '         email ← "Email"',
      '         countryCode ← "Country/Region"',
      '         custom "Birthday" (date) ← "Birthday"',
      '         language ← "ms" if empty',
      "         identified by phone, else email",
      `         not sent: "Record ID", "Lead Status", "Company Website"   (add: --custom 'Company Website:url')`,
    ])
  })

  it("lists problems with line, column, code and what to do; values only if asked", async () => {
    const { rows, summary } = await checkRows(
      columns,
      rowsOf([
        ["1", "Ana", "012-345 6789", "", "", "MY", "", "", ""],
        ["2", "Bo", "12-34", "", "", "", "", "", ""],
        ["3", "Cy", "", "", "cy@example.com", "Malayisa", "", "", ""],
        ["4", "Di", "", "", "di@example.com", "", "", "", "03/04/2024"],
        ["5", "Ana", "0123456789", "", "", "", "", "", ""],
        ["6", "Ed", "\u001b[2J", "", "", "", "", "", ""],
        ["Grand Totals (6 records)", "", "", "", "", "", "", "", ""],
      ]),
      { map, defaultCountry: "MY" },
    )
    const collector = new FindingsCollector(3)
    for (const row of rows) collector.add(row)
    const findings = collector.findings()
    assert.deepStrictEqual(checkedLines(summary), [
      "Checked  1 ready · 4 invalid · 1 duplicate inside the file · 1 not of the table",
      "Changed  phone numbers in other forms (2)",
    ])
    const rejects = "leads.rejects.csv"
    assert.deepStrictEqual(findingLines(findings, { showValues: true, rejects }), [
      'line 3  col "Mobile Phone Number"  PHONE_INVALID    "12-34"       too short for MY',
      'line 4  col "Country/Region"       COUNTRY_UNKNOWN  "Malayisa"    did you mean Malaysia (MY)?',
      'line 5  col "Birthday"             DATE_AMBIGUOUS   "03/04/2024"  pass --date-format dmy or mdy',
      "… 1 more, by reason: PHONE_INVALID 1      all in leads.rejects.csv",
      "line 6  duplicate: an earlier row of the same contact is sent (line 2)",
      "line 8  left out: a total, not a contact",
    ])
    const hidden = findingLines(findings).join("\n")
    for (const value of ["12-34", "Malayisa", "03/04/2024"]) assert.notInclude(hidden, value)
  })

  it("prints nothing that a terminal obeys", () => {
    const problem = {
      code: "EMAIL_INVALID",
      line: 1,
      column: "\u001b[31m",
      reason: "not an email address",
      value: "\u001b]8;;http://x\u0007",
    } as const
    const findings = { shown: [problem], more: {}, duplicates: [], foreign: [] }
    const text = findingLines(findings, { showValues: true }).join("\n")
    assert.notMatch(text.replaceAll("\n", ""), /\p{Cc}/u)
  })

  it("counts what was left out, and the numbers that a + would make valid", () => {
    const summary = {
      rows: 2,
      ready: 1,
      invalid: 1,
      duplicate: 0,
      foreign: 0,
      byCode: {},
      fixes: {},
      omissions: { extension: 1, other_values: 2 },
      validWithPlus: { SMS: 1500 },
    }
    assert.deepStrictEqual(checkedLines(summary), [
      "Checked  1 ready · 1 invalid",
      "Left out extensions of phone numbers (1) · further values in one cell (2)",
      '         1,500 rejected numbers in "SMS" are valid with a + before them',
    ])
  })
})
