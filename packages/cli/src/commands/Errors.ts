/** `aelyst errors`: prints the offline text of every code; finds it by exit code, status, class and reason, too. */
import { suggest } from "@aelyst/core/adapter"
import * as Effect from "effect/Effect"

import type { ErrorText } from "../ErrorCode.ts"
import { allCodes, codeOfClass, codesOfStatus, docsOf } from "../ErrorCode.ts"
import type { ExitEntry } from "../ExitCode.ts"
import { exitTable } from "../ExitCode.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import { Screen } from "../Screen.ts"
import { count } from "../Text.ts"

type Page = readonly [code: string, text: ErrorText]

const exitCodeOf = ({ exit }: ErrorText): number => exitTable[exit].code

const pagesOf = (codes: ReadonlyArray<string>): ReadonlyArray<Page> =>
  [...allCodes].filter(([code]) => codes.includes(code))

/** Finds the pages of a code, a class, a status or a reason. */
const find = (wanted: string): ReadonlyArray<Page> => {
  const code = codeOfClass(wanted) ?? wanted.toUpperCase().replaceAll("-", "_")
  const exact = pagesOf([code])
  if (exact.length > 0) return exact
  if (/^\d{3}$/.test(wanted)) return pagesOf(codesOfStatus(Number(wanted)))
  const reason = wanted.toLowerCase()
  return [...allCodes].filter(([, { reasons = {} }]) => Object.hasOwn(reasons, reason))
}

const textOf = ([code, text]: Page): ReadonlyArray<string> => {
  const { when, meaning, fix, isRule, reasons = {} } = text
  const { retry } = exitTable[text.exit]
  return [
    `${code}  (exit ${exitCodeOf(text)})`,
    `  ${isRule === true ? "rule:   " : "when:   "} ${when}`,
    `  contact: ${meaning}`,
    `  fix:     ${fix}`,
    `  again:   ${retry.replaceAll("`", "")}`,
    ...Object.entries(reasons).map(
      ([name, words], at) => `  ${at === 0 ? "reasons:" : "        "} ${name}: ${words}`,
    ),
    `  docs:    ${docsOf(code)}`,
  ]
}

const jsonOf = ([code, text]: Page) => {
  const { when, meaning, fix, reasons } = text
  return { code, exit: exitCodeOf(text), when, meaning, fix, reasons, docs: docsOf(code) }
}

const exitOf = (wanted: string): ExitEntry | undefined =>
  Object.values(exitTable).find(({ code }) => String(code) === wanted)

/** Returns the failure of a word that is no code, no class, no status and no reason. */
const unknown = (wanted: string): Failure => {
  // anything else may be a value
  const isCode = /^[A-Z_]{2,40}$/i.test(wanted)
  const code = wanted.toUpperCase()
  const nearest = isCode ? suggest(wanted, allCodes.keys()) : undefined
  const near = [...allCodes.keys()].filter((one) => one.includes(code) || code.includes(one))
  const meant = nearest === undefined ? near.slice(0, 5) : [nearest]
  return usage(
    `unknown code ${isCode ? code : `(${count(wanted.length, "character")})`}`,
    ...(isCode && meant.length > 0 ? [`did you mean: ${meant.join(", ")}`] : []),
    "all codes: aelyst errors",
  )
}

const listAll = Effect.map(Screen, (printer) => {
  if (!printer.json) {
    const rows = [...allCodes].map(([code, text]) => [code, String(exitCodeOf(text)), text.when])
    return printer.rows(rows)
  }
  const codes = [...allCodes].map(([code, text]) => ({
    code,
    exit: exitCodeOf(text),
    when: text.when,
  }))
  return printer.value({ ok: true, codes })
})

/** Explains one code, exit code, status, class or reason, or lists all codes. */
export const run = Effect.fnUntraced(function* (
  wanted: string | undefined,
): Effect.fn.Return<void, Failure, Screen> {
  if (wanted === undefined) return yield* listAll
  const printer = yield* Screen
  const exit = exitOf(wanted)
  const pages =
    exit === undefined
      ? find(wanted)
      : [...allCodes].filter(([, text]) => exitCodeOf(text) === exit.code)
  if (pages.length === 0 && exit === undefined) return yield* Effect.fail(unknown(wanted))
  if (printer.json) {
    const [only, ...more] = pages.map(jsonOf)
    const one = only !== undefined && more.length === 0 && exit === undefined
    return printer.value({ ok: true, ...(one ? only : { exit, codes: pages.map(jsonOf) }) })
  }
  const head =
    exit === undefined
      ? []
      : [
          `exit ${exit.code}  ${exit.meaning.replaceAll("`", "")}`,
          `  again: ${exit.retry.replaceAll("`", "")}`,
        ]
  // an exit code with many codes is a list; `aelyst errors CODE` explains each
  const body =
    pages.length > 3
      ? [`  codes: ${pages.map(([code]) => code).join(", ")}`]
      : pages.flatMap((page, at) => [
          ...(at > 0 || exit !== undefined ? [""] : []),
          ...textOf(page),
        ])
  return printer.data([...head, ...body].join("\n"))
})
