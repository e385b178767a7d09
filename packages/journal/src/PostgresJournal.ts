/** The journal of one run in Postgres, which several processes may have open. */
import { AttemptGate } from "@aelyst/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

import { attemptEnds, attemptsOf } from "./AttemptLog.ts"
import type { Cipher, UnreadablePayload } from "./Cipher.ts"
import { Database } from "./Database.ts"
import { Findings } from "./Findings.ts"
import type { Claim, JournalService, Range, RunFacts } from "./Journal.ts"
import { JournalError } from "./JournalError.ts"
import { statementsOf } from "./PostgresStatements.ts"
import type { RunTables } from "./PostgresTables.ts"
import { stateNumbers, storedEnd } from "./RowStatements.ts"
import type { NewRow } from "./RunPlan.ts"
import { insertRows } from "./RunPlan.ts"
import { countsOf, groupOf, pages } from "./RunReads.ts"
import type { RowColumns } from "./RunTables.ts"
import { recordOf, stateNumber, states } from "./RunTables.ts"
import type { OpenRange, RunStatus, SharedProgress, StoredRow } from "./SharedRuns.ts"

/** The rows that are written in one statement, and read in one. */
const planPage = 2_000
const readPage = 1_000
/** The highest number of a row. */
const maxNumber = 0x7fffffff

/** The columns of a run. */
export interface RunColumns {
  readonly seq: number
  readonly id: string
  readonly facts: string
  readonly created: number
  readonly planned: number | null
  /** The rows of a range. */
  readonly size: number
}

/** The progress as its statement returns it. */
interface ProgressColumns extends Omit<SharedProgress, "counts" | "remainingMs"> {
  readonly plan: Parameters<typeof countsOf>[0]
  readonly kinds: ReadonlyArray<Parameters<typeof groupOf>[0]>
  readonly changedAt: number
}

/** Returns whether a row has a payload and needs it: one that has ended does not. */
const isSealed = ({ payload, state }: NewRow): boolean =>
  payload !== undefined && (state === "planned" || state === "unknown")

/** Opens the journal of a run. */
export const openJournal = (
  { db: all, hash, now }: RunTables,
  { created, facts, id, planned, seq, size }: RunColumns,
  cipher: Cipher,
) => {
  // safe: as `start` stored them
  const known = JSON.parse(facts) as RunFacts
  const run = { ...known, id, createdAt: created, plannedAt: planned ?? undefined }
  const sql = statementsOf(now, size)
  const failed = Deferred.makeUnsafe<JournalError>()
  const db = new Database(all.path, (text, values) =>
    Effect.tapError(all.all(text, seq, ...values), (error) => Deferred.succeed(failed, error)),
  )
  /** Runs an effect unless the database has failed: nothing may begin that could not be recorded. */
  const unlessFailed = <A>(effect: Effect.Effect<A, JournalError>) =>
    Effect.suspend(() =>
      Deferred.isDoneUnsafe(failed) ? Effect.flatMap(Deferred.await(failed), Effect.fail) : effect,
    )
  const isResent = run.delivery === "natural-key"
  /** Names a row for its encryption. */
  const idOf = (number: number) => `${id}:${number}`

  const insert = (load: number, page: ReadonlyArray<NewRow>) => {
    const rows = page.map((row) => ({
      ...row,
      key: hash.keyHex(row.key),
      content: hash.contentNumber(row.content),
      state: stateNumber(row.state),
      payload: isSealed(row) ? cipher.seal(idOf(row.number), row.payload).toString("base64") : null,
    }))
    const added = db.one<{ readonly added: number }>(
      "fenced",
      sql.insert,
      load,
      JSON.stringify(rows),
    )
    return Effect.map(added, (found) => found.added)
  }

  const progress = Effect.gen(function* () {
    const found = yield* db.one<{ readonly progress: string }>("not_found", sql.progress)
    // safe: as the statement makes it
    const { approvedAt, endedAt, kinds, lastEndedAt, plan, ...rest } = JSON.parse(
      found.progress,
    ) as ProgressColumns
    const counts = countsOf(plan, kinds.map(groupOf))
    const left = counts.not_sent + counts.inDoubt
    const remainingMs = rest.perSecond === 0 ? undefined : (left / rest.perSecond) * 1_000
    const times = { approvedAt, endedAt, lastEndedAt }
    return { ...rest, ...times, counts, remainingMs: left === 0 ? 0 : remainingMs }
  })

  const release = ({ epoch, from, to }: Claim) =>
    Effect.asVoid(db.all(sql.release, from, to, epoch))

  const claim = Effect.fnUntraced(function* (options: Parameters<JournalService["claim"]>[0] = {}) {
    const { from = 1, leaseMs, owner = null, to = maxNumber } = options
    const monotonic = yield* AttemptGate.monotonicMillis
    const values = [from, to, owner, leaseMs ?? null]
    type Found = OpenRange & { readonly isComplete: boolean }
    const found = yield* db.one<Found>("not_planned", sql.take, ...values)
    const notAfter = leaseMs === undefined ? undefined : monotonic + leaseMs
    const made: Claim = { from: found.from, to: found.to, epoch: found.epoch, notAfter }
    if (!found.isComplete) {
      yield* release(made)
      return yield* db.error("claimed")
    }
    // its own statement: it sees what the older claims wrote while `take` waited for them
    const left = stateNumbers[isResent ? "planned" : "unknown"]
    yield* db.all(sql.recover, made.from, made.to, left)
    return made
  }, unlessFailed)

  /** Changes a row under a claim, or finds the reason for which it was not changed. */
  const change = (
    name: "intent" | "outcome",
    key: string,
    epoch: number,
    ...values: Array<unknown>
  ) =>
    Effect.suspend(() => {
      const hashed = hash.keyHex(key)
      return Effect.flatMap(db.all(sql[name], hashed, epoch, ...values), ([changed]) =>
        changed === undefined
          ? Effect.asVoid(db.one("wrong_state", sql.why, hashed, epoch, name === "intent"))
          : Effect.void,
      )
    })

  const outcome: JournalService["outcome"] = ({ epoch }, key, end) => {
    const { code, isDoubt, state, status } = storedEnd(end)
    const values = [state, isDoubt, status, code, attemptEnds(end.attempts)]
    return Effect.uninterruptible(change("outcome", key, epoch, ...values))
  }

  /** Reads what a statement returns for the rows of a range. */
  const read = <Row extends { readonly number: number }>(
    range: Range,
    text: string,
    ...values: ReadonlyArray<unknown>
  ) => {
    const last = Math.min(range.to ?? maxNumber, maxNumber)
    return pages(
      range,
      (after) => db.all<Row>(text, after, last, readPage, ...values),
      (row) => row.number,
    )
  }

  /** Reads rows with the text of their attempts. */
  const logged = (options: Parameters<JournalService["rows"]>[0] = {}) => {
    type Logged = RowColumns & { readonly log: string; readonly isKept: boolean }
    return read<Logged>(options, sql.rows, (options.states ?? states).map(stateNumber))
  }

  type Sealed = StoredRow & { readonly payload: Uint8Array }
  const opened = ({ line, number, payload }: Sealed) =>
    Effect.try({
      try: (): StoredRow => ({ number, line, payload: cipher.open(idOf(number), payload) }),
      catch: (error) => {
        // safe: it throws nothing else
        const { keyId, message } = error as UnreadablePayload
        const detail = `row ${number}: ${message}`
        return new JournalError({ reason: "unreadable", path: db.path, detail, keyId })
      },
    })

  const verify = Effect.gen(function* () {
    type Values = Record<"rows" | "epochs" | "closed", number>
    const values = db.one<Values>("not_found", sql.verify)
    const findings = new Findings()
    let found = yield* values
    const check = Effect.fnUntraced(function* (row: Stream.Success<ReturnType<typeof logged>>) {
      const record = recordOf(row)
      const attempts = attemptsOf(row.number, row.log)
      // claims are given meanwhile
      if (attempts.some(({ epoch }) => epoch > found.epochs)) found = yield* values
      findings.row(record, attempts, found.epochs)
      const mayBeSent = ["planned", "sending", "unknown"].includes(record.state)
      const isLeft = row.isKept && !mayBeSent
      findings.note(isLeft, "has ended and its contact is still stored", row.number)
    })
    yield* Stream.runForEach(logged(), check)
    const { closed, rows } = found
    findings.note(closed > 0, `${closed} ranges have ended and have rows left to send`)
    return findings.result(rows)
  })

  return {
    run,
    failed: Deferred.await(failed),
    plan: (rows, earlier) =>
      Effect.gen(function* () {
        const begun = db.one<{ readonly load: number }>("already_planned", sql.beginPlan)
        const { load } = yield* unlessFailed(begun)
        // rows of a load that was killed, or of one that this one ends
        const clear = db.all(sql.clearPlan, load)
        yield* clear
        const { duplicate, foreign, invalid, ready } = yield* insertRows(rows, earlier, {
          isResent,
          pageSize: planPage,
          write: (page) => insert(load, page),
        }).pipe(Effect.onError(() => Effect.ignore(clear)))
        yield* db.one("fenced", sql.endPlan, load, ready, invalid, duplicate, foreign)
        return (yield* progress).counts
      }),
    claim,
    renew: Effect.fnUntraced(function* (held, leaseMs) {
      const monotonic = yield* AttemptGate.monotonicMillis
      yield* db.one("fenced", sql.renew, held.from, held.to, held.epoch, leaseMs)
      return { ...held, notAfter: monotonic + leaseMs }
    }),
    release,
    intent: ({ epoch }, key, attempt) => unlessFailed(change("intent", key, epoch, attempt)),
    outcome,
    resolve: (row, resolution) => {
      const state = stateNumber(resolution === "send_again" ? "planned" : resolution)
      return Effect.asVoid(db.one("wrong_state", sql.resolve, row, state))
    },
    lookup: (rows) =>
      Effect.map(db.all<RowColumns>(sql.lookup, ...hash.columns(rows)), (found) =>
        found.map((row) => (row.number === null ? undefined : recordOf(row))),
      ),
    rows: (options) => Stream.map(logged(options), recordOf),
    attempts: (range) =>
      Stream.flatMap(logged(range), ({ log, number }) =>
        Stream.fromIterable(attemptsOf(number, log)),
      ),
    counts: Effect.map(progress, ({ counts }) => counts),
    verify,
    progress,
    claimable: (limit: number, which: "all" | "lapsed") =>
      db.all<OpenRange>(sql.claimable, limit, which),
    postpone: (from: number, reason: string, counts: boolean) =>
      Effect.asVoid(db.all(sql.postpone, from, reason, counts)),
    approve: (tokenClass = run.tokenClass) =>
      planned === null
        ? Effect.fail(new JournalError({ reason: "not_planned", path: id }))
        : Effect.asVoid(db.all(sql.approve, run.origin, tokenClass)),
    end: Effect.asVoid(db.all(sql.end)),
    /** Reads rows that have not ended with their payloads. */
    payloads: (range: Range = {}) =>
      Stream.mapArrayEffect(read<Sealed>(range, sql.payloads), Effect.forEach(opened)),
    setStatus: (status: RunStatus) => Effect.asVoid(db.one("cancelled", sql.setStatus, status)),
    remove: Effect.asVoid(db.one("locked", sql.remove)),
  } satisfies JournalService & Record<string, unknown>
}

/** A run that is open to be sent, with the operations that several machines need. */
export type PostgresJournal = ReturnType<typeof openJournal>
