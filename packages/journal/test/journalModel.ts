/** A model of one run: what a journal must hold after any sequence of commands, and which of them it must refuse. */
import { assert } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

import type { Claim, JournalService, Resolution, RowState, SentOutcome } from "../src/Journal.ts"
import type { JournalError } from "../src/JournalError.ts"
import { keyOf } from "./runs.ts"

export type Command =
  | { readonly do: "claim"; readonly from: number; readonly to: number }
  | { readonly do: "release"; readonly claim: number }
  | {
      readonly do: "intent"
      readonly row: number
      readonly attempt: number
      readonly claim: number
    }
  | {
      readonly do: "outcome"
      readonly row: number
      readonly outcome: SentOutcome
      readonly doubt: boolean
      readonly claim: number
    }
  | { readonly do: "resolve"; readonly row: number; readonly resolution: Resolution }
  | { readonly do: "crash" }

interface ModelClaim {
  readonly from: number
  readonly to: number
  readonly epoch: number
  isOver: boolean
}

/** The result that a command must have: success, or a failure with a reason. */
export type Expected = "done" | "fenced" | "wrong_state"

export const rowCount = 6

class Model {
  readonly rows = Array.from({ length: rowCount }, () => ({
    // safe: widens the type of the literal
    state: "planned" as RowState,
    doubt: false,
    attempts: 0,
  }))
  readonly claims: Array<ModelClaim> = []
  readonly #isResent: boolean

  constructor(isResent: boolean) {
    this.#isResent = isResent
  }

  /** Whether a claim is the newest on a row. */
  #holds(claim: ModelClaim, row: number): boolean {
    const covers = (other: ModelClaim) => other.from <= row && row <= other.to
    return (
      !claim.isOver &&
      covers(claim) &&
      !this.claims.some((other) => other.epoch > claim.epoch && covers(other))
    )
  }

  apply(command: Command): Expected {
    if (command.do === "crash") return "done"
    if (command.do === "claim") return this.#claim(command.from, command.to)
    const row = "row" in command ? this.rows[command.row - 1] : undefined
    if (command.do === "resolve") {
      const isOpen =
        row?.state === "sending" ||
        row?.state === "unknown" ||
        (row?.state === "planned" && row.doubt)
      if (row === undefined || !isOpen) return "wrong_state"
      row.state = command.resolution === "send_again" ? "planned" : command.resolution
      row.doubt = true
      return "done"
    }
    const claim = this.claims[command.claim]
    if (command.do === "release") {
      if (claim !== undefined) claim.isOver = true
      return "done"
    }
    if (row === undefined) return "wrong_state"
    if (claim === undefined || !this.#holds(claim, command.row)) return "fenced"
    if (command.do === "intent") {
      if (row.state !== (command.attempt === 1 ? "planned" : "sending")) return "wrong_state"
      row.state = "sending"
      row.attempts += 1
      return "done"
    }
    const { outcome } = command
    const needsNoAttempt = ["not_sent", "invalid", "unknown"].includes(outcome)
    if (row.state !== "sending" && !(row.state === "planned" && needsNoAttempt))
      return "wrong_state"
    row.state =
      outcome === "not_sent" ? "planned" : outcome === "invalid" && row.doubt ? "unknown" : outcome
    row.doubt ||= command.doubt || outcome === "unknown" || outcome === "exists_after_doubt"
    return "done"
  }

  #claim(from: number, to: number): Expected {
    for (const claim of this.claims) if (claim.from >= from && claim.to <= to) claim.isOver = true
    this.claims.push({ from, to, epoch: this.claims.length + 1, isOver: false })
    for (const [index, row] of this.rows.entries()) {
      if (row.state !== "sending" || index + 1 < from || index + 1 > to) continue
      row.state = this.#isResent ? "planned" : "unknown"
      row.doubt = true
    }
    return "done"
  }

  /** The accounting identity: each row in exactly one count. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { doubt, state } of this.rows) {
      const isOpen = state === "planned" || state === "sending"
      const name =
        state === "sending" || (state === "planned" && doubt)
          ? "unknown"
          : isOpen
            ? "not_sent"
            : state
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  }
}

const int = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const claim = int(0, 3)
const row = int(1, rowCount)

const command: Arbitrary.Arbitrary<Command> = Arbitrary.schema(
  Schema.Union([
    Schema.Struct({ do: Schema.Literal("claim"), from: int(1, 3), to: int(3, rowCount) }),
    Schema.Struct({ do: Schema.Literal("release"), claim }),
    Schema.Struct({ do: Schema.Literal("intent"), row, attempt: int(1, 2), claim }),
    Schema.Struct({ do: Schema.Literal("intent"), row, attempt: Schema.Literal(1), claim }),
    Schema.Struct({
      do: Schema.Literal("outcome"),
      row,
      outcome: Schema.Literals([
        "created",
        "existed",
        "exists_after_doubt",
        "invalid",
        "rejected",
        "unknown",
        "not_sent",
      ]),
      doubt: Schema.Boolean,
      claim,
    }),
    Schema.Struct({
      do: Schema.Literal("resolve"),
      row,
      resolution: Schema.Literals(["created", "rejected", "send_again"]),
    }),
    Schema.Struct({ do: Schema.Literal("crash") }),
  ]),
)

export const commandLists = Arbitrary.array(command, { minLength: 50, maxLength: 80 })
export const deliveries = Arbitrary.schema(Schema.Literals(["natural-key", "at-most-once"]))

/** A run with `rowCount` rows whose process can crash, so that another one opens it. */
export interface CrashingRun {
  readonly journal: JournalService
  readonly crash: Effect.Effect<void, JournalError, Scope.Scope>
}

/** Runs commands on a journal and on the model, and compares each result and what the journal holds in the end. */
export const follow = Effect.fnUntraced(function* (
  place: CrashingRun,
  commands: ReadonlyArray<Command>,
  delivery: "natural-key" | "at-most-once",
) {
  const model = new Model(delivery === "natural-key")
  const claims: Array<Claim> = []
  const none: Claim = { from: 1, to: rowCount, epoch: 1_000, notAfter: undefined }
  const run = Effect.fnUntraced(function* (one: Command) {
    const { journal } = place
    if (one.do === "crash") return yield* place.crash
    if (one.do === "claim") {
      claims.push(yield* journal.claim({ from: one.from, to: one.to }))
      return
    }
    if (one.do === "resolve") return yield* journal.resolve(one.row, one.resolution)
    const held = claims[one.claim] ?? none
    if (one.do === "release") return yield* journal.release(held)
    const key = keyOf(one.row)
    if (one.do === "intent") return yield* journal.intent(held, key, one.attempt)
    return yield* journal.outcome(held, key, { outcome: one.outcome, doubt: one.doubt })
  })
  for (const one of commands) {
    const result = yield* Effect.result(run(one))
    const found: Expected | string = Result.isSuccess(result) ? "done" : result.failure.reason
    assert.strictEqual(found, model.apply(one), JSON.stringify(one))
  }
  const rows = yield* Stream.runCollect(place.journal.rows())
  assert.deepStrictEqual(
    rows.map(({ attempts, doubt, state }) => ({ state, doubt, attempts })),
    model.rows,
  )
  const counts = yield* place.journal.counts
  assert.deepInclude(counts, { ...model.counts(), total: rowCount })
  assert.deepStrictEqual((yield* place.journal.verify).problems, [])
})
