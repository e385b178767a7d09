/** `aelyst errors`: prints the offline text of every code. */
import * as Effect from "effect/Effect"

import { allCodes } from "../ErrorCode.ts"
import { exitTable } from "../ExitCode.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { Screen } from "../Screen.ts"

const nearest = (wanted: string): ReadonlyArray<string> =>
  [...allCodes.keys()].filter((code) => code.includes(wanted) || wanted.includes(code)).slice(0, 5)

/** Explains one code, or lists all codes. */
export const run = Effect.fnUntraced(function* (
  code: string | undefined,
): Effect.fn.Return<void, Failure, Screen> {
  const printer = yield* Screen
  if (code === undefined) {
    const codes = [...allCodes].map(([name, { exit, when }]) => ({
      code: name,
      exit: exitTable[exit].code,
      when,
    }))
    if (printer.json) return printer.value({ ok: true, codes })
    return printer.rows(codes.map((row) => [row.code, String(row.exit), row.when]))
  }
  const wanted = code.toUpperCase()
  const entry = allCodes.get(wanted)
  if (entry === undefined) {
    // anything else may be a value
    const isCode = /^[A-Z_]{2,40}$/.test(wanted)
    const near = isCode ? nearest(wanted) : []
    return yield* Effect.fail(
      usage(
        `unknown code${isCode ? ` ${wanted}` : ""}`,
        near.length === 0 ? "all codes: aelyst errors" : `did you mean: ${near.join(", ")}`,
      ),
    )
  }
  const { exit, when, meaning, fix, docs } = entry
  if (printer.json) {
    return printer.value({
      ok: true,
      code: wanted,
      exit: exitTable[exit].code,
      when,
      meaning,
      fix,
      docs,
    })
  }
  return printer.data(
    [
      `${wanted}  (exit ${exitTable[exit].code})`,
      `  when:    ${when}`,
      `  contact: ${meaning}`,
      `  fix:     ${fix}`,
      ...(docs === undefined ? [] : [`  docs:    ${docs}`]),
    ].join("\n"),
  )
})
