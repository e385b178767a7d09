/** `aelyst outbox replay`: has parked contacts sent again, by the app or by `aelyst outbox drain`. */
import * as Effect from "effect/Effect"

import { confirm } from "../Confirm.ts"
import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { GlobalFlags } from "../Flags.ts"
import type { Host } from "../Host.ts"
import type { StoreFlags } from "../StoreFlags.ts"
import * as ContactId from "../outbox/ContactId.ts"
import { withOutbox } from "../outbox/OpenOutbox.ts"
import { Screen } from "../Screen.ts"
import * as SettingsOf from "../Settings.ts"
import { count } from "../Text.ts"

/** Holds the flags of `outbox replay`. */
export interface ReplayFlags extends StoreFlags {
  readonly id: ReadonlyArray<string>
  readonly all: boolean
}

const wrong = ({ all, id }: ReplayFlags): Failure | undefined => {
  const forms = "usage: aelyst outbox replay <id>… | --all"
  if (all && id.length > 0) return usage("--all and <id> exclude each other", forms)
  return all || id.length > 0 ? undefined : usage("missing argument <id>", forms)
}

/** Waits for a yes before every parked contact is sent again. */
const isSure = (parked: number, { mayAsk }: SettingsOf.Settings, globals: GlobalFlags) => {
  if (globals.yes) return Effect.succeed(true)
  if (mayAsk) {
    return confirm(`Send ${count(parked, "parked contact")} again? Some may exist already.`, false)
  }
  return Effect.fail(
    usage(
      "sending all parked contacts again needs a confirmation, and there is no terminal to ask on",
      "fix:   add --yes",
    ),
  )
}

/** Marks contacts to be sent again. */
export const run = (
  flags: ReplayFlags,
  globals: GlobalFlags,
): Effect.Effect<void, Failure, Host | Screen> =>
  Effect.gen(function* () {
    const problem = wrong(flags)
    if (problem !== undefined) return yield* Effect.fail(problem)
    const given = yield* Effect.forEach(flags.id, (id) => Effect.fromResult(ContactId.read(id)))
    const settings = yield* SettingsOf.resolve(globals)
    return yield* withOutbox(
      flags,
      Effect.fnUntraced(function* (box, { ask }) {
        const printer = yield* Screen
        const limit = Number.MAX_SAFE_INTEGER
        const parked = flags.all ? yield* ask(() => box.list({ state: "parked", limit })) : []
        if (flags.all && parked.length > 0 && !(yield* isSure(parked.length, settings, globals))) {
          return printer.notice("nothing was changed")
        }
        const replayed: Array<string> = []
        for (const id of flags.all ? parked.map((entry) => entry.id) : given) {
          if (yield* ask(() => box.replay(id))) replayed.push(id)
          // of all parked ones, another process may have been faster
          else if (!flags.all) yield* refuse(id, (yield* ask(() => box.get(id)))?.state)
        }
        if (printer.json) return printer.value({ ok: true, replayed })
        return printer.notice(
          replayed.length === 0
            ? "there are no parked contacts"
            : `${count(replayed.length, "contact")} will be sent again, by the app or by aelyst outbox drain`,
        )
      }),
    )
  })

const refuse = (id: string, state: string | undefined) =>
  Effect.fail(
    state === undefined
      ? ContactId.unknown(id)
      : usage(
          `${id} is ${state}; only parked contacts are sent again`,
          "ids:   aelyst outbox list --state parked",
        ),
  )
