import { assert, describe, it } from "@effect/vitest"

import type { Reject, RejectHead } from "../src/report/RejectFormat.ts"
import { rejectFormat } from "../src/report/RejectFormat.ts"

const head: RejectHead = {
  format: "csv",
  encoding: "utf-8",
  bom: false,
  delimiter: ";",
  columns: ["Name", "Phone"],
}

const reject = (cells: readonly string[], record?: Readonly<Record<string, unknown>>): Reject => ({
  row: { number: 1, line: 17, cells, ...(record !== undefined && { record }) },
  problems: [
    { code: "PHONE_INVALID", line: 17, column: "=Phone", reason: "too short", suggestion: "+60?" },
    { code: "FIRST_NAME_MISSING", line: 17, column: "Name", reason: "missing" },
  ],
  status: "invalid",
})

const own = `17;"'=Phone; Name";"PHONE_INVALID; FIRST_NAME_MISSING";"too short; missing";'+60?;invalid`

describe("the format of rejects", () => {
  it("keeps cells as they were, and quotes what needs it", () => {
    const { begin, line } = rejectFormat(head)
    assert.strictEqual(
      begin,
      "Name;Phone;_aelyst_line;_aelyst_column;_aelyst_code;_aelyst_reason;_aelyst_suggestion;_aelyst_status\r\n",
    )
    assert.strictEqual(line(reject(["", "+60"])), `;+60;${own}\r\n`)
    assert.strictEqual(line(reject(['a"b', " x;\ny"])), `"a""b";" x;\ny";${own}\r\n`)
    assert.strictEqual(line(reject(['="+60"'])), `"=""+60""";;${own}\r\n`)
  })

  it("uses the delimiter of the source", () => {
    for (const delimiter of [",", ";", "\t", "|", "]", "\\", "^", "-"]) {
      const { begin, line } = rejectFormat({ ...head, delimiter })
      assert.isTrue(begin.startsWith(`Name${delimiter}Phone${delimiter}_aelyst_line`))
      assert.isTrue(line(reject([`a${delimiter}b`, ""])).startsWith(`"a${delimiter}b"${delimiter}`))
    }
  })

  it("begins with a mark if the source had one, or was in another encoding", () => {
    assert.isTrue(rejectFormat({ ...head, bom: true }).begin.startsWith("\ufeffName"))
    assert.isTrue(
      rejectFormat({ ...head, encoding: "windows-1252" }).begin.startsWith("\ufeffName"),
    )
    assert.isTrue(rejectFormat({ ...head, format: "xlsx" }).begin.startsWith("\ufeffName"))
    assert.isTrue(rejectFormat(head).begin.startsWith("Name"))
  })

  it("replaces the columns of an earlier report", () => {
    const { begin, line } = rejectFormat({
      ...head,
      columns: ["Name", "_aelyst_line", "Phone", "_aelyst_code"],
    })
    assert.isTrue(begin.startsWith("Name;Phone;_aelyst_line;_aelyst_column"))
    assert.strictEqual(line(reject(["Ana", "3", "1", "OLD"])), `Ana;1;${own}\r\n`)
  })

  it("keeps cells beyond the header beyond it", () => {
    assert.strictEqual(
      rejectFormat(head).line(reject(["Ana", "1", "more", ""])),
      `Ana;1;${own};more;\r\n`,
    )
  })

  it("names the columns that a record of JSON does not have", () => {
    const { line } = rejectFormat({ ...head, format: "ndjson" })
    const written = line(reject(["Ana", ""], { Name: "Ana" }))
    assert.isTrue(written.startsWith('{"Name":"Ana","Phone":null,"_aelyst_line":"17"'))
  })

  it("keeps the records of JSON with their types", () => {
    const record = { Name: "Ana", Phone: 60, nested: { a: [1] }, _aelyst_line: 3 }
    const { begin, line } = rejectFormat({ ...head, format: "json" })
    assert.strictEqual(begin, "")
    assert.deepStrictEqual(JSON.parse(line(reject(["Ana", "60"], record))), {
      Name: "Ana",
      Phone: 60,
      nested: { a: [1] },
      _aelyst_line: "17",
      _aelyst_column: "'=Phone; Name",
      _aelyst_code: "PHONE_INVALID; FIRST_NAME_MISSING",
      _aelyst_reason: "too short; missing",
      _aelyst_suggestion: "'+60?",
      _aelyst_status: "invalid",
    })
  })
})
