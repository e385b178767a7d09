/** The options of an import, read from its flags; each wrong value fails with the value and the expected form. */
import type { CheckOptions, MapOptions, ReadOptions } from "@aelyst/import"
import type { RunFacts } from "@aelyst/journal"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { ImportFlags, MappingFlags, ReadingFlags } from "../ImportFlags.ts"
import type { Settings } from "../Settings.ts"
import * as SettingsOf from "../Settings.ts"
import type { Host } from "../Host.ts"
import * as FlagValues from "./FlagValues.ts"

const { delimiter, formats, identifyBy, integer, maxErrors, oneOf, optional, presets } = FlagValues

/** Reads the flags that say how a file is read. */
export const readingOf = (flags: ReadingFlags): Result.Result<ReadOptions, Failure> =>
  Result.gen(function* () {
    const headerLine = yield* optional(flags.headerLine, integer("--header-line", 1))
    if (headerLine !== undefined && flags.noHeader) {
      return yield* Result.fail(usage("--header-line and --no-header exclude each other"))
    }
    return {
      format: yield* optional(flags.format, oneOf("--format", formats)),
      delimiter: yield* optional(flags.delimiter, delimiter),
      encoding: flags.encoding,
      sheet: flags.sheet,
      headerLine,
      noHeader: flags.noHeader,
    }
  })

/** Reads the flags that say which column fills which field; the mapping file is read elsewhere. */
export const mappingOf = (flags: MappingFlags): Result.Result<MapOptions, Failure> =>
  Result.gen(function* () {
    return {
      preset: yield* optional(flags.preset, oneOf("--preset", presets)),
      map: flags.map,
      ignore: flags.ignore,
      custom: flags.custom,
      customRest: flags.customRest,
      set: flags.set,
      identifyBy: yield* optional(flags.identifyBy, identifyBy),
      splitName: flags.splitName ? true : undefined,
    }
  })

/** Reads the flags that say how rows are checked. */
const checkingOf = (
  flags: ImportFlags,
  { customFields, defaultCountry }: Settings,
): Result.Result<CheckOptions, Failure> =>
  Result.gen(function* () {
    return {
      defaultCountry,
      customFields,
      dateFormat: yield* optional(flags.dateFormat, oneOf("--date-format", ["ymd", "dmy", "mdy"])),
      onInvalid: yield* optional(
        flags.onInvalid,
        oneOf("--on-invalid", ["reject", "drop-field", "abort"]),
      ),
      onDuplicate: yield* optional(
        flags.onDuplicate,
        oneOf("--on-duplicate", ["first", "last", "reject"]),
      ),
      digitsHavePlus: flags.addPlus,
    }
  })

/** Holds the options of sending. */
export interface SendingOptions {
  readonly concurrency: number | undefined
  readonly limit: number | undefined
  readonly sample: number | undefined
  readonly maxErrors: FlagValues.Errors | undefined
}

const sendingOf = (flags: ImportFlags): Result.Result<SendingOptions, Failure> =>
  Result.gen(function* () {
    const limit = yield* optional(flags.limit, integer("--limit", 1))
    const sample = yield* optional(flags.sample, integer("--sample", 1))
    if (limit !== undefined && sample !== undefined) {
      return yield* Result.fail(usage("--limit and --sample exclude each other"))
    }
    return {
      limit,
      sample,
      concurrency: yield* optional(flags.concurrency, integer("--concurrency", 1, 1_000)),
      maxErrors: yield* optional(flags.maxErrors, maxErrors),
    }
  })

/** Names the delivery policies of an import. */
export type ImportDelivery = RunFacts["delivery"]

/** Holds all options of an import. */
export interface ImportOptions {
  readonly reading: ReadOptions
  readonly mapping: MapOptions
  readonly checking: CheckOptions
  readonly sending: SendingOptions
  readonly delivery: ImportDelivery
}

/** Returns a flag that makes an import one of this machine only, whatever `AELYST_STORE` says. */
export const localFlag = (flags: ImportFlags): string | undefined => {
  if (flags.check) return "--check"
  if (flags.stream) return "--stream"
  if (flags.noJournal) return "--no-journal"
  if (flags.journal !== undefined) return "--journal"
  if (flags.limit !== undefined) return "--limit"
  if (flags.sample !== undefined) return "--sample"
  return flags.maxErrors === undefined ? undefined : "--max-errors"
}

const sharedFlag = (flags: ImportFlags): string | undefined => {
  if (flags.store !== undefined) return "--store"
  if (flags.storeFile !== undefined) return "--store-file"
  return flags.follow ? "--follow" : undefined
}

const conflict = (flags: ImportFlags, globals: GlobalFlags): Failure | undefined => {
  if (flags.stream && flags.file !== "-") {
    return usage("--stream reads standard input; give - as the file")
  }
  if (flags.stream && flags.check) return usage("--stream and --check exclude each other")
  if (flags.stream && flags.sample !== undefined) {
    return usage("--stream and --sample exclude each other")
  }
  if (flags.stream && flags.report !== undefined && flags.report !== "none") {
    return usage(
      "--stream writes no report: its rows are not checked before they are sent",
      "fix:   leave out --report; --ndjson tells how each row ended",
    )
  }
  if (flags.stream && !globals.yes) {
    return usage(
      "--stream sends rows before it has read all of them, so it cannot ask",
      "fix:   add --yes",
      "nothing was sent",
    )
  }
  const local = localFlag(flags)
  const shared = sharedFlag(flags)
  if (local !== undefined && shared !== undefined) {
    return usage(`${local} and ${shared} exclude each other`)
  }
  if (flags.noJournal && flags.journal !== undefined) {
    return usage("--no-journal and --journal exclude each other")
  }
  return flags.file === "-" && globals.tokenStdin
    ? usage(
        "- and --token-stdin cannot both read standard input",
        "fix:   name a file, or give the token as --token-file or AELYST_TOKEN",
      )
    : undefined
}

/** Resolves the settings and the options of an import. Its delivery is `natural-key` unless a flag or a setting names another. */
export const resolve = Effect.fnUntraced(function* (
  flags: ImportFlags,
  globals: GlobalFlags,
): Effect.fn.Return<
  { readonly settings: Settings; readonly options: ImportOptions },
  Failure,
  Host
> {
  const isReportOnly = globals.delivery === "report-only"
  const settings = yield* SettingsOf.resolve({
    ...globals,
    ...(isReportOnly && { delivery: undefined }),
    defaultCountry: flags.defaultCountry,
  })
  const wrong = conflict(flags, globals)
  if (wrong !== undefined) return yield* Effect.fail(wrong)
  const chosen = settings.origins.delivery.from === "default" ? "natural-key" : settings.delivery
  return {
    settings,
    options: yield* Effect.fromResult(
      Result.all({
        reading: readingOf(flags),
        mapping: Result.map(mappingOf(flags), (mapping) => ({
          ...mapping,
          customFields: settings.customFields,
        })),
        checking: checkingOf(flags, settings),
        sending: sendingOf(flags),
        delivery: Result.succeed(isReportOnly ? ("report-only" as const) : chosen),
      }),
    ),
  }
})
