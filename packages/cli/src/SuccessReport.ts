/** Prints the result of a create: a line for people, two columns for programs, or one line of JSON. */
import type { CreateResult } from "@aelyst/core"

import type { Printer } from "./Screen.ts"
import { count, time, visible } from "./Text.ts"

const headlines = {
  created: "Contact added",
  existed: "Contact exists",
  exists_after_doubt: "Contact exists; probably created by the lost attempt",
} as const satisfies Readonly<Record<CreateResult["result"], string>>

const json = ({ attempts, identifier, message, rateLimit, result, status }: CreateResult) => ({
  ok: true,
  result,
  identifier,
  ...(status !== undefined && { status }),
  message,
  attempts: attempts.length,
  rateLimit: {
    ...(rateLimit.limit !== undefined && { limit: rateLimit.limit }),
    ...(rateLimit.remaining !== undefined && { remaining: rateLimit.remaining }),
  },
})

const facts = ({ attempts, rateLimit, status }: CreateResult, ms: number): string =>
  [
    ...(status === undefined ? [] : [String(status)]),
    time(ms),
    ...(attempts.length > 1 ? [count(attempts.length, "attempt")] : []),
    ...(rateLimit.limit === undefined || rateLimit.remaining === undefined
      ? []
      : [`${rateLimit.remaining} of ${rateLimit.limit} requests left`]),
  ].join(", ")

/** Prints a result and how long the call took. */
export const print = (printer: Printer, result: CreateResult, ms: number): void => {
  if (printer.json) return printer.value(json(result))
  if (printer.quiet) return undefined
  const identifier = visible(result.identifier)
  if (!printer.interactive) return printer.data(`${result.result}\t${identifier}`)
  const headline = printer.symbols(`✔ ${headlines[result.result]}`)
  const head = printer.paint("stdout", "green", headline)
  const tail = printer.paint("stdout", "dim", `(${facts(result, ms)})`)
  return printer.data(`${head}  ${identifier}  ${tail}`)
}
