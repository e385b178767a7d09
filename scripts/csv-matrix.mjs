// Draws docs/pictures/csv-matrix.svg: how each file of the fixtures of @aelyst/import is read and checked, from a run over all of
// them. It fails if a file is not read as its fixture expects. With --check it writes nothing and fails if the picture differs.
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { writeAll } from "./generated.mjs"
import { box, label, page } from "./picture.mjs"
import { report } from "./sources.mjs"

const folder = join(process.cwd(), "packages/import")
const source = (file) => import(pathToFileURL(join(folder, file)).href)
const { check, map, read } = await source("src/index.ts")
const { outcomes } = await source("test/fixtures/outcomes.ts")
const { traps } = await source("test/fixtures/traps.ts")
const { vendors } = await source("test/fixtures/vendors.ts")
const { workbooks } = await source("test/fixtures/workbooks.ts")
const load = createRequire(join(folder, "package.json"))
const Effect = load("effect/Effect")
const Stream = load("effect/Stream")

const delimiterNames = { ";": "semicolons", "\t": "tabs", "|": "bars" }

/** Reads a file, and checks its rows if its outcomes are known. Returns its head and the states of its rows, or the error. */
const run = ({ file, bytes, options }) =>
  Effect.gen(function* () {
    const table = yield* read(bytes, { fileName: file, ...options })
    const expected = outcomes[file]
    if (expected === undefined) {
      const rows = yield* Stream.runCollect(table.rows)
      return { head: table.head, states: rows.map(() => "read") }
    }
    const { mapping } = yield* Effect.fromResult(map(table.head, expected.map))
    const checked = yield* check(table.rows, mapping, expected.check)
    const rows = yield* Stream.runCollect(checked.rows)
    return { head: table.head, states: rows.map(({ state }) => state) }
  }).pipe(
    Effect.scoped,
    Effect.catch((error) => Effect.succeed({ error })),
    Effect.runPromise,
  )

const textOf = ({ error, head, states }) => {
  if (error !== undefined) {
    const { code, line } = error
    return line === undefined ? code : `${code}, line ${line}`
  }
  const { bom, delimiter, encoding, format, headerLine } = head
  const counts = ["ready", "invalid", "duplicate", "foreign"].flatMap((state) => {
    const count = states.filter((one) => one === state).length
    return count === 0 ? [] : [`${count} ${state === "foreign" ? "no contact" : state}`]
  })
  const isText = format === "csv" || format === "tsv"
  return [
    ...(isText && (encoding !== "utf-8" || bom) ? [`${encoding}${bom ? ", BOM" : ""}`] : []),
    ...(delimiterNames[delimiter] === undefined ? [] : [delimiterNames[delimiter]]),
    ...(headerLine > 1 ? [`header on line ${headerLine}`] : []),
    counts.length > 0 ? counts.join(", ") : `${states.length} row${states.length === 1 ? "" : "s"}`,
  ].join(" · ")
}

const problems = []
/** Returns what is drawn of a file. */
const lineOf = async (fixture) => {
  const result = await run(fixture)
  const { file, error: expected, rows } = fixture
  const found = result.error?.code ?? result.states.length
  if (found !== (expected?.code ?? rows.length))
    problems.push(`${file} ends with ${found}, and not as its fixture says`)
  return { file, isRead: result.error === undefined, text: textOf(result) }
}
const linesOf = async (fixtures) => {
  const lines = []
  for (const fixture of fixtures) lines.push(await lineOf(fixture))
  return lines
}

const groups = [
  ["Exports of other programs", await linesOf(vendors)],
  ["Text, and files of other kinds", await linesOf(traps)],
  ["Workbooks, and files that look like one", await linesOf(await workbooks())],
]
const entries = groups.flatMap(([name, lines]) => [{ name }, ...lines])
const readable = entries.filter(({ isRead }) => isRead === true).length
const unreadable = entries.filter(({ isRead }) => isRead === false).length

const [step, top, width] = [20, 66, 470]
const perColumn = Math.ceil(entries.length / 2)
const parts = entries.flatMap(({ file, isRead, name, text }, index) => {
  const x = 24 + Math.floor(index / perColumn) * width
  const y = top + (index % perColumn) * step
  if (name !== undefined) return [label(x, y + 14, name, "title")]
  return [
    box({ x, y: y + 4, width: 12, height: 12 }, isRead ? "done" : "failed"),
    label(x + 6, y + 14, isRead ? "✓" : "×", "soft", "middle"),
    label(x + 20, y + 14, file, "code"),
    label(x + width - 24, y + 14, text, "soft", "end"),
  ]
})
const title = `${readable + unreadable} files: ${readable} are read, ${unreadable} refused with a reason`
const picture = page(
  24 + 2 * width,
  top + perColumn * step + 20,
  title,
  [
    label(24, 30, title, "title"),
    label(
      24,
      50,
      "From a run over the fixtures of @aelyst/import. Green: read, with the states of its rows if its fixture has them. Red: the code of the error.",
      "soft",
    ),
    ...parts,
  ],
  {
    description: entries
      .map(({ file, isRead, name, text }) =>
        name === undefined ? `${file}: ${isRead ? "" : "refused, "}${text}.` : `${name}.`,
      )
      .join(" "),
  },
)

report(
  [...problems, ...writeAll(new Map([["docs/pictures/csv-matrix.svg", picture]]))],
  `${readable + unreadable} files are read or refused as the picture says`,
)
