/** The journal of one large import on a simulated database: the promises of the real one, with the same statements. */
import { JournalError, Runs } from "@aelyst/journal"
import type { Claim, JournalService, RunsService } from "@aelyst/journal"
import { type SharedProgress, SharedRuns } from "@aelyst/journal/postgres"
import { AttemptGate } from "@aelyst/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import type { Connections, StatementName } from "./Database.ts"
import type { VirtualTime } from "./VirtualTime.ts"

/** The rows of a range, as an import plans them. */
const rangeRows = 200

/** The origin and the class of the token of the import. */
export const account = { origin: "https://api.aelyst.ai", tokenClass: "simulated" }

const id = "r_1"
const keyOf = (number: number): string => `email:row${number}@import.example`
const numberOf = (key: string): number => Number(/row(\d+)@/.exec(key)?.[1])

interface SimulatedRange {
  readonly from: number
  readonly to: number
  epoch: number
  expires: number
  ended: boolean
}

/** The rows and claims of the import, as all workers see them. */
export class SimulatedImport {
  readonly #time: VirtualTime
  readonly #ranges: ReadonlyArray<SimulatedRange>
  /** 0: planned, 1: sending, 2: ended. */
  readonly #states: Uint8Array
  #epoch = 0
  /** How many rows have ended, and how many attempts were noted. */
  ended = 0
  intents = 0
  /** When the newest row ended. */
  #lastEndedAt: number | undefined

  constructor(time: VirtualTime, ranges: number) {
    this.#time = time
    this.#states = new Uint8Array(ranges * rangeRows + 1)
    this.#ranges = Array.from({ length: ranges }, (_, index) => ({
      from: index * rangeRows + 1,
      to: (index + 1) * rangeRows,
      epoch: 0,
      expires: 0,
      ended: false,
    }))
  }

  #rangeOf(number: number): SimulatedRange | undefined {
    return this.#ranges[Math.floor((number - 1) / rangeRows)]
  }

  /** Returns the services of one worker, over its connections. */
  servicesOf(connections: Connections): Context.Context<Runs | SharedRuns> {
    const does = <A>(name: StatementName, run: () => A) =>
      Effect.promise(() => connections.statement(name, run))
    const checks = (name: StatementName, check: () => "fenced" | "claimed" | undefined) =>
      Effect.flatMap(does(name, check), (reason) =>
        reason === undefined
          ? Effect.void
          : Effect.fail(new JournalError({ reason, path: "simulated" })),
      )
    const holds = ({ epoch, from }: Claim) => this.#rangeOf(from)?.epoch === epoch
    const change = (name: "intent" | "outcome", claim: Claim, key: string, state: number) =>
      checks(name, () => {
        const number = numberOf(key)
        if (!holds({ ...claim, from: number })) return "fenced"
        this.#states[number] = state
        if (name === "intent") this.intents++
        else if (state === 2) {
          this.ended++
          this.#lastEndedAt = this.#time.now
        }
        return undefined
      })
    const journal: Partial<JournalService> = {
      // safe: sending reads no more of a run
      run: { id, delivery: "natural-key", ...account } as JournalService["run"],
      failed: Effect.never,
      claim: ({ from = 1, leaseMs = 0 } = {}) =>
        Effect.gen({ self: this }, function* () {
          const sentAt = yield* AttemptGate.monotonicMillis
          const range = this.#rangeOf(from)
          const epoch = yield* does("claim", () => {
            if (range === undefined || range.expires > this.#time.now) return undefined
            range.expires = this.#time.now + leaseMs
            range.epoch = ++this.#epoch
            return range.epoch
          })
          if (epoch === undefined || range === undefined)
            return yield* new JournalError({ reason: "claimed", path: "simulated" })
          yield* does("claim", () => undefined)
          return { from: range.from, to: range.to, epoch, notAfter: sentAt + leaseMs }
        }),
      renew: (claim, leaseMs) =>
        Effect.gen({ self: this }, function* () {
          const sentAt = yield* AttemptGate.monotonicMillis
          yield* checks("claim", () => {
            const range = this.#rangeOf(claim.from)
            if (range === undefined || !holds(claim)) return "fenced"
            range.expires = this.#time.now + leaseMs
            return undefined
          })
          return { ...claim, notAfter: sentAt + leaseMs }
        }),
      release: (claim) =>
        does("release", () => {
          const range = this.#rangeOf(claim.from)
          if (range === undefined || !holds(claim)) return
          range.expires = 0
          range.ended = this.#states
            .subarray(range.from, range.to + 1)
            .every((state) => state === 2)
        }),
      lookup: (rows) =>
        does("lookup", () =>
          rows.map(({ key }) => {
            const number = numberOf(key)
            const state = this.#states[number] === 2 ? "created" : "planned"
            return { number, line: number + 1, state, doubt: false, attempts: 0 } as const
          }),
        ),
      intent: (claim, key) => change("intent", claim, key, 1),
      outcome: (claim, key, { outcome }) =>
        change("outcome", claim, key, outcome === "not_sent" ? 0 : 2),
    }
    const runs: Partial<RunsService> = {
      // safe: sending a range uses no more of a journal
      open: () => does("find", () => journal as JournalService),
    }
    const open = () => this.#ranges.filter(({ ended }) => !ended)
    const approved = [{ run: id, tokenClass: account.tokenClass, approvedAt: 0 }]
    const shared: Partial<SharedRuns["Service"]> = {
      approved: () => does("find", () => approved),
      postpone: () => does("find", () => undefined),
      end: () => does("find", () => undefined),
      claimable: (_, limit = 100, which = "all") =>
        Effect.andThen(
          does("find", () => undefined),
          does("claimable", () =>
            open()
              // no process dies here
              .filter(({ expires }) => which === "all" && expires <= this.#time.now)
              .slice(0, limit),
          ),
        ),
      progress: () =>
        does("progress", () => {
          const ended = this.#ranges.length - open().length
          const ranges = { total: this.#ranges.length, ended, claimed: 0 }
          const progress: Partial<SharedProgress> = {
            status: "active",
            ranges,
            at: this.#time.now,
            lastEndedAt: this.#lastEndedAt,
          }
          // safe: a worker reads no more of it
          return progress as SharedProgress
        }),
      payloads: (_, { from = 1, to = 0 } = {}) =>
        Stream.unwrap(
          Effect.andThen(
            does("find", () => undefined),
            does("payloads", () =>
              Stream.fromIterable(
                Array.from({ length: to - from + 1 }, (__, index) => ({
                  number: from + index,
                  line: from + index + 1,
                  payload: { identifier: keyOf(from + index), contact: { firstName: "Ana" } },
                })).filter(({ number }) => this.#states[number] !== 2),
              ),
            ),
          ),
        ),
    }
    return Context.empty().pipe(
      // safe: a worker uses no more of it
      Context.add(Runs, runs as RunsService),
      // safe: as above
      Context.add(SharedRuns, shared as SharedRuns["Service"]),
    )
  }
}
