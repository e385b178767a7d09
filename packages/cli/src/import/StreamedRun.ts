/** Sends rows of standard input as they arrive: nothing is planned, asked or kept, and what is invalid is rejected on the way. */
import { sendUnplanned } from "@aelyst/import"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Host } from "../Host.ts"
import type { Report } from "../Report.ts"
import type { Screen } from "../Screen.ts"
import * as CheckedFile from "./CheckedFile.ts"
import * as Client from "./Client.ts"
import * as EndOfImport from "./EndOfImport.ts"
import type { SendingImport } from "./Import.ts"
import * as RejectsFile from "./RejectsFile.ts"
import { RowsUnderWay, follow } from "./Sending.ts"

const send = Effect.fnUntraced(function* (all: SendingImport) {
  const { flags, input, options, progress, settings } = all
  const { concurrency, limit, maxErrors } = options.sending
  if (maxErrors !== undefined && "share" in maxErrors) {
    return yield* Effect.fail(
      usage(
        "--max-errors cannot be a share with --stream, whose number of rows is not known",
        "fix:   give a number of rows, such as --max-errors 50",
      ),
    )
  }
  const rows = new RowsUnderWay()
  const rejects = yield* RejectsFile.open(all, true)
  const checked = yield* CheckedFile.rows(all)
  const run = yield* sendUnplanned(rows.watch(checked.rows), {
    ...Client.runOptions(settings),
    ...(concurrency !== undefined && { concurrency }),
    ...(maxErrors !== undefined && { maxErrors: Math.max(1, maxErrors.rows) }),
    limit,
    delivery: options.delivery,
  })
  const sent = yield* follow(run, rows, {
    shown: { file: input.name, host: settings.host, run: "stream", total: undefined },
    progress,
    isNdjson: flags.ndjson,
    showValues: flags.showValues,
    isVerbose: all.globals.verbose > 0,
    rejects,
    rejectsDuplicates: options.checking.onDuplicate === "reject",
  })
  return yield* EndOfImport.end(all, { sent, rejects, run: undefined, checked: undefined })
})

/** Runs an import of a stream. */
export const run = (
  all: SendingImport,
): Effect.Effect<void, Failure | Report, Host | Screen | Scope.Scope> =>
  Client.explained(Effect.provide(send(all), Client.clientLayer(all.settings, all.found)))
