import { writeFile } from "node:fs/promises"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { check, map, openRejects, read, reportPaths } from "../src/index.ts"
import type { CheckedRow } from "../src/index.ts"
import { inDirectory } from "./directories.ts"
import type { Fixture } from "./fixtures/Fixture.ts"
import { fixtures } from "./fixtures/make.ts"
import type { ExpectedOutcome } from "./fixtures/outcomes.ts"
import { outcomes } from "./fixtures/outcomes.ts"

const files = new Map((await fixtures()).map((fixture) => [fixture.file, fixture]))

const outcomeOf = (row: CheckedRow): string => {
  if (row.state === "ready") return row.identifier
  if (row.state === "foreign") return "foreign"
  return row.problems.map(({ code, column = "" }) => `${code} ${column}`.trim()).join(", ")
}

/** Reads, maps and checks a file, and writes its rejects to a path. */
const importFile = (
  source: string | Uint8Array,
  name: string,
  options: ExpectedOutcome & Pick<Fixture, "options">,
  directory: string,
) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const table = yield* read(source, { fileName: name, ...options.options })
        const { mapping, warnings } = yield* Effect.fromResult(map(table.head, options.map))
        const checked = yield* check(table.rows, mapping, options.check)
        const path = join(directory, reportPaths(name, table.head.format).rejects)
        const rejects = yield* openRejects({ path, head: table.head })
        const rows = yield* Stream.runCollect(
          Stream.tap(checked.rows, (row) =>
            row.state === "invalid"
              ? rejects.add({ row: row.row, problems: row.problems, status: "invalid" })
              : Effect.void,
          ),
        )
        return { mapping, warnings, rows, rejects: yield* rejects.commit }
      }),
    ),
  )

describe("files that people have", () => {
  for (const [name, expected] of Object.entries(outcomes)) {
    it(`are checked row by row: ${name}`, () =>
      inDirectory(async (directory) => {
        const fixture = files.get(name)
        assert(fixture !== undefined)
        const options = { ...expected, options: fixture.options ?? {} }
        const { mapping, warnings, rows, rejects } = await importFile(
          fixture.bytes,
          name,
          options,
          directory,
        )
        assert.deepStrictEqual(rows.map(outcomeOf), expected.rows)
        assert.strictEqual(mapping.preset, expected.preset)
        assert.deepStrictEqual(
          warnings.map(({ column }) => column),
          expected.warnings ?? [],
        )
        // untouched rejects are rejected again, for the same reasons
        const invalid = rows.filter(({ state }) => state === "invalid")
        assert.strictEqual(rejects?.rows ?? 0, invalid.length)
        if (rejects === undefined) return
        const again = await importFile(rejects.path, "again.csv", expected, directory)
        assert.deepStrictEqual(again.rows.map(outcomeOf), invalid.map(outcomeOf))
      }))
  }

  it("keep what they say: names, tags in quotes (R30), no date for 0/0/00", () =>
    inDirectory(async (directory) => {
      const contactOf = async (name: string) => {
        const fixture = files.get(name)
        const expected = outcomes[name]
        assert(fixture !== undefined && expected !== undefined)
        const { rows } = await importFile(fixture.bytes, name, expected, directory)
        assert(rows[0]?.state === "ready")
        return rows[0].contact
      }
      assert.deepStrictEqual(await contactOf("mailchimp.csv"), {
        firstName: "Ana",
        email: "ana@example.com",
        countryCode: "MY",
        customFields: { TAGS: '"VIP","Newsletter, weekly"' },
      })
      assert.deepStrictEqual(await contactOf("outlook-german.csv"), {
        firstName: "Jörg",
        lastName: "Müßig",
        email: "joerg@example.com",
        phone: "+491701234567",
        countryCode: "AT",
        customFields: {},
      })
      assert.deepStrictEqual((await contactOf("outlook.csv"))["customFields"], {})
    }))

  it("are imported from rejects without a header of names as well", () =>
    inDirectory(async (directory) => {
      const path = join(directory, "people.csv")
      await writeFile(path, "Ana,ana@\nBo,bo@example.com\n")
      const options = {
        rows: [],
        options: { noHeader: true },
        map: { map: ["firstName=1", "email=2"] },
      }
      const { rejects } = await importFile(path, "people.csv", options, directory)
      const again = await importFile(
        rejects?.path ?? "",
        "again.csv",
        { rows: [], map: options.map },
        directory,
      )
      assert.deepStrictEqual(again.rows.map(outcomeOf), ["EMAIL_INVALID 2"])
    }))
})
