/** The facts that the journal records of a run, and whether a run of another token may be continued. */
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"

import type { CheckOptions, Mapping } from "@aelyst/import"
import type { JournalError, RunEntry, RunFacts, RunsService } from "@aelyst/journal"
import * as Effect from "effect/Effect"

import { confirm } from "../Confirm.ts"
import type { Failure } from "../Failure.ts"
import { file, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import { Screen } from "../Screen.ts"
import type { Settings } from "../Settings.ts"
import { visible } from "../Text.ts"
import type { OpenImport } from "./Import.ts"
import { journalFailure } from "./JournalFailure.ts"
import { hashesOf } from "./SetValues.ts"
import type { StoredOptions } from "./StoredOptions.ts"

/** Returns what `aelyst resume` needs to run the import again. */
export const storedOptions = ({
  flags: { set, ...flags },
  input,
  options,
  settings,
}: Pick<OpenImport, "flags" | "input" | "options" | "settings">): StoredOptions => ({
  version: 1,
  file: input.path,
  flags,
  set: hashesOf(set),
  profile: settings.profile,
  baseUrl: settings.baseUrl,
  delivery: options.delivery,
  rate: settings.rate,
})

/** Returns a hash of the mapping and the options of the check, which decide what is sent of a row. */
export const mappingFingerprint = (mapping: Mapping, checking: CheckOptions): string => {
  const { customFields, ...options } = checking
  const catalogue = customFields?.definition
  return Crypto.createHash("sha256")
    .update(JSON.stringify([mapping, options, catalogue]))
    .digest("hex")
    .slice(0, 32)
}

/** Returns whether the API may have accepted the token of a run: a row may then exist in its account. */
const isBound = ({ counts }: RunEntry): boolean =>
  counts === undefined || counts.not_sent + counts.invalid + counts.duplicate < counts.total

/** The class of a token, and the run of another token that this one takes the place of. */
export interface FoundClass {
  readonly tokenClass: string
  readonly replaced?: string
}

/**
 * Returns the class of the token under which to look for runs. If there is a run of the same input and host for another token,
 * it is that run's class once a person has confirmed that both tokens belong to one account; unless its token was never
 * accepted, and the run is not of a database, where workers may begin to send it.
 */
export const classOf = (
  runs: RunsService,
  facts: Omit<RunFacts, "tokenClass">,
  own: string,
  resume: string | undefined,
  settings: Settings,
  { allowChanged, isShared }: { readonly allowChanged: boolean; readonly isShared: boolean },
): Effect.Effect<FoundClass, Failure, Screen> =>
  Effect.gen(function* () {
    const printer = yield* Screen
    const entries = yield* Effect.mapError(runs.list, (error: JournalError) =>
      journalFailure(error),
    )
    const found = entries.filter(
      ({ id, run }) =>
        run?.origin === facts.origin &&
        (resume === undefined ? run.input.sha256 === facts.input.sha256 : id === resume),
    )
    if (found.some(({ run }) => run?.tokenClass === own)) return { tokenClass: own }
    const other = found.find(isBound) ?? found[0]
    if (other?.run === undefined) return { tokenClass: own }
    if (!isShared && !isBound(other)) return { tokenClass: own, replaced: other.id }
    if (allowChanged) return { tokenClass: other.run.tokenClass }
    if (!settings.mayAsk || printer.json) {
      return yield* Effect.fail(
        usage(
          `run ${other.id} of this file was made with another token`,
          "fix:   add --allow-changed if both tokens belong to one account, or --fresh to send every row",
        ),
      )
    }
    const same = yield* confirm(
      `Run ${other.id} of this file was made with another token. Is it of the same account?`,
      false,
    )
    return { tokenClass: same ? other.run.tokenClass : own }
  })

/** Returns the SHA-256 of a file as hex, and its size. */
export const fingerprint = (
  path: string,
): Effect.Effect<{ readonly sha256: string; readonly bytes: number }, Failure> =>
  Effect.tryPromise({
    try: async () => {
      const hash = Crypto.createHash("sha256")
      let bytes = 0
      for await (const chunk of Fs.createReadStream(path)) {
        hash.update(chunk)
        bytes += chunk.length
      }
      return { sha256: hash.digest("hex"), bytes }
    },
    catch: (error) =>
      file(
        `${visible(path)} cannot be read (${Files.codeOf(error)})`,
        "fix:   check the path and its permissions",
      ),
  })
