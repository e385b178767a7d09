/**
 * Does one job of the benchmark of a check in a separate process, and reports its processor time and its largest size:
 * `check-run.ts <check|csv|phones> <file> <rows>`.
 */
import { createReadStream } from "node:fs"

import { check, map, read } from "@aelyst/import"
import * as Effect from "effect/Effect"
import * as Csv from "effect/encoding/Csv"
import * as Stream from "effect/Stream"
import { parsePhoneNumberFromString } from "libphonenumber-js/max"

import { phoneOf } from "./check-rows.ts"

const [, , job = "", file = "", rows = ""] = process.argv

const checkFile = Effect.scoped(
  Effect.gen(function* () {
    const table = yield* read(file)
    const { mapping } = yield* Effect.fromResult(map(table.head))
    const checked = yield* check(table.rows, mapping, { defaultCountry: "MY" })
    yield* Stream.runDrain(checked.rows)
    const summary = yield* checked.summary
    return summary.rows
  }),
)

// safe: with an encoding, the stream emits strings
const parseCsv = Stream.fromAsyncIterable(
  createReadStream(file, { encoding: "utf8" }) as AsyncIterable<string>,
  String,
).pipe(
  Stream.pipeThroughChannel(Csv.decodeString({})),
  Stream.runFold(
    () => -1,
    (count) => count + 1,
  ),
)

const parsePhones = Effect.sync(() => {
  let count = 0
  for (let row = 0; row < Number(rows); row++) {
    parsePhoneNumberFromString(phoneOf(row), "MY")?.isValid()
    count++
  }
  return count
})

const jobs = new Map<string, Effect.Effect<number, unknown>>([
  ["check", checkFile],
  ["csv", parseCsv],
  ["phones", parsePhones],
])
const chosen = jobs.get(job)
if (chosen === undefined) throw new Error(`no such job: ${job}`)
const before = process.cpuUsage()
const done = await Effect.runPromise(chosen)
if (done !== Number(rows)) throw new Error(`${job} has seen ${done} rows of ${rows}`)
const { user, system } = process.cpuUsage(before)
process.send?.({
  ms: (user + system) / 1000,
  rss: process.resourceUsage().maxRSS * 1024,
})
