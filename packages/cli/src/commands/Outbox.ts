/** `aelyst outbox stats|list|show|verify`: reads an outbox. Personal data is only shown if `--show-values` asks for it. */
import type { OutboxEntry, OutboxState, OutboxStats } from "@aelyst/outbox"
import * as Effect from "effect/Effect"

import { Failure } from "../Failure.ts"
import type { Host } from "../Host.ts"
import * as FlagValues from "../import/FlagValues.ts"
import type { StoreFlags } from "../StoreFlags.ts"
import * as ContactId from "../outbox/ContactId.ts"
import { withOutbox } from "../outbox/OpenOutbox.ts"
import type { Report } from "../Report.ts"
import { Screen } from "../Screen.ts"
import { clock, count, number, visible } from "../Text.ts"

/** The effect of a command. */
type Command = Effect.Effect<void, Failure | Report, Host | Screen>

const states = [
  "pending",
  "created",
  "existed",
  "exists_after_doubt",
  "rejected",
  "parked",
] as const satisfies ReadonlyArray<OutboxState>

const iso = (ms: number): string => new Date(ms).toISOString()
const date = (ms: number): string => iso(ms).slice(0, 19).replace("T", " ")

/** Returns counts as JSON. */
export const jsonOfStats = ({ oldestPendingAt, ...counts }: OutboxStats) => ({
  ...counts,
  ...(oldestPendingAt !== undefined && { oldestPendingAt: iso(oldestPendingAt) }),
})

const jsonOf = ({ acceptedAt, endedAt, ...entry }: OutboxEntry) => ({
  ...entry,
  acceptedAt: iso(acceptedAt),
  ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
})

/** Counts the contacts by state. */
export const stats = (flags: StoreFlags): Command =>
  withOutbox(
    flags,
    Effect.fnUntraced(function* (box, { ask }) {
      const printer = yield* Screen
      const all = yield* ask(() => box.stats())
      if (printer.json) return printer.value({ ok: true, ...jsonOfStats(all) })
      const { oldestPendingAt } = all
      return printer.rows([
        ["pending", number(all.pending)],
        ["being sent", number(all.claimed)],
        ["created", number(all.created)],
        ["existed", number(all.existed)],
        ["exists_after_doubt", number(all.existsAfterDoubt)],
        ["rejected", number(all.rejected)],
        ["parked", number(all.parked)],
        ...(oldestPendingAt === undefined
          ? []
          : [["oldest pending", clock(Math.max(0, Date.now() - oldestPendingAt))]]),
      ])
    }),
  )

/** Holds the flags of `outbox list`. */
export interface ListFlags extends StoreFlags {
  readonly state: string | undefined
  readonly limit: string | undefined
}

/** Lists contacts, the newest first. */
export const list = (flags: ListFlags): Command =>
  Effect.gen(function* () {
    const state = yield* Effect.fromResult(
      FlagValues.optional(flags.state, FlagValues.oneOf("--state", states)),
    )
    const limit = yield* Effect.fromResult(
      FlagValues.optional(flags.limit, FlagValues.integer("--limit", 1)),
    )
    yield* withOutbox(
      flags,
      Effect.fnUntraced(function* (box, { ask }) {
        const printer = yield* Screen
        const entries = yield* ask(() => box.list({ state, limit }))
        if (printer.json) return printer.value({ ok: true, contacts: entries.map(jsonOf) })
        if (entries.length === 0) {
          return printer.notice(`there are no ${state === undefined ? "" : `${state} `}contacts`)
        }
        return printer.rows(
          entries.map((entry) => [
            entry.id,
            entry.state,
            date(entry.acceptedAt),
            count(entry.attempts, "request"),
            entry.doubt ? "in doubt" : "",
            entry.status === undefined ? "" : String(entry.status),
            entry.error ?? "",
          ]),
        )
      }),
    )
  })

/** Holds the flags of `outbox show`. */
export interface ShowFlags extends StoreFlags {
  readonly id: string
  readonly showValues: boolean
}

/** Shows one contact. */
export const show = (flags: ShowFlags): Command =>
  Effect.gen(function* () {
    const id = yield* Effect.fromResult(ContactId.read(flags.id))
    yield* withOutbox(
      flags,
      Effect.fnUntraced(function* (box, { ask }) {
        const printer = yield* Screen
        const entry = yield* ask(() => box.get(id))
        if (entry === undefined) return yield* Effect.fail(ContactId.unknown(id))
        const revealed = flags.showValues ? yield* ask(() => box.reveal(id)) : undefined
        if (printer.json) return printer.value({ ok: true, ...jsonOf(entry), ...revealed })
        printer.rows([
          ["id", entry.id],
          ["state", entry.state],
          ["accepted", date(entry.acceptedAt)],
          ...(entry.endedAt === undefined ? [] : [["ended", date(entry.endedAt)]]),
          ["requests", number(entry.attempts)],
          ["in doubt", entry.doubt ? "yes" : "no"],
          ...(entry.status === undefined ? [] : [["status", String(entry.status)]]),
          ...(entry.error === undefined ? [] : [["error", entry.error]]),
          ...Object.entries(revealed ?? {}).map(([name, value]) => [
            name,
            visible(typeof value === "string" ? value : JSON.stringify(value)),
          ]),
        ])
        if (flags.showValues && revealed === undefined) {
          printer.notice("the contact is erased: it has ended")
        }
      }),
    )
  })

/** Checks the outbox. Fails if it is not sound. */
export const verify = (flags: StoreFlags): Command =>
  withOutbox(
    flags,
    Effect.fnUntraced(function* (box, { ask, shown }) {
      const printer = yield* Screen
      const problems = yield* ask(() => box.verify())
      if (problems.length === 0) {
        if (printer.json) return printer.value({ ok: true })
        return printer.data(`${shown} is sound`)
      }
      return yield* Effect.fail(
        new Failure({
          exit: "usage",
          code: "OUTBOX",
          message: `the outbox ${shown} is not sound`,
          hints: [
            ...problems.slice(0, 10).map(visible),
            "fix:   keep the file, restore a backup, or accept the contacts again",
          ],
        }),
      )
    }),
  )
