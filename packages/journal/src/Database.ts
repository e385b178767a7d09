/** Tables in a Postgres database: one statement at a time, and what each of its errors means. */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

import type { JournalReason } from "./JournalError.ts"
import { JournalError } from "./JournalError.ts"

const reasons: Readonly<Record<string, JournalReason>> = {
  "25006": "read_only",
  "42501": "denied",
  "42P01": "deleted",
  "53100": "full",
  "58030": "io",
  XX001: "corrupt",
  XX002: "corrupt",
}

/** Classes of codes of statements that fail on a server that works. */
const sqlErrors = /^(?:0A|22|23|42|54)\w{3}$/

const codeOf = (error: unknown): string | undefined => {
  const code: unknown = Reflect.get(Object(error), "code")
  if (typeof code === "string") return /^\w{4,20}$/.test(code) ? code : undefined
  const cause: unknown = Reflect.get(Object(error), "cause")
  return cause === undefined ? undefined : codeOf(cause)
}

/** Returns the error of a statement. The driver's is not its cause: Postgres quotes the row that it refuses, drivers their URL. */
export const errorOf = (path: string, { reason }: SqlError): JournalError => {
  const code = codeOf(reason) ?? ""
  const byClass = sqlErrors.test(code) ? "sql_error" : "unavailable"
  return new JournalError({ reason: reasons[code] ?? byClass, path, detail: code || undefined })
}

/** Statements of concurrent processes can be refused for each other; nothing of such a statement has happened. */
const isConflict = ({ reason }: SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError"

type Run = (
  text: string,
  values: ReadonlyArray<unknown>,
) => Effect.Effect<ReadonlyArray<object>, JournalError>

/** Why a statement did nothing; a statement may return it. */
interface NothingDone {
  readonly reason?: JournalReason | null
  readonly detail?: string | null
}

/** Runs statements. */
export class Database {
  /** The name of the database. */
  readonly path: string
  readonly #run: Run

  constructor(path: string, run: Run) {
    this.path = path
    this.#run = run
  }

  /** Returns the error of an operation on these tables. */
  error(reason: JournalReason, detail?: string): JournalError {
    return new JournalError({ reason, path: this.path, detail })
  }

  /** Returns the rows of a statement, which must have the columns of `Row`. */
  all<Row extends object>(text: string, ...values: ReadonlyArray<unknown>) {
    // safe: the caller names what it selects
    return this.#run(text, values) as Effect.Effect<ReadonlyArray<Row>, JournalError>
  }

  /** Returns the row of a statement. Fails with the `reason` in it, or with `otherwise` if there is no row. */
  one<Row extends object>(
    otherwise: JournalReason,
    text: string,
    ...values: ReadonlyArray<unknown>
  ): Effect.Effect<Row, JournalError> {
    return Effect.flatMap(this.all<Row & NothingDone>(text, ...values), ([row]) => {
      if (typeof row?.reason !== "string" && row !== undefined) return Effect.succeed(row)
      return Effect.fail(this.error(row?.reason ?? otherwise, row?.detail ?? undefined))
    })
  }
}

/** Runs an effect until it has succeeded once, and returns that from then on. */
export const once = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  let done: Effect.Effect<A> | undefined
  const first = Effect.tap(effect, (value) =>
    Effect.sync(() => {
      done = Effect.succeed(value)
    }),
  )
  return Effect.suspend(() => done ?? first)
}

/** Opens the tables that `schema` creates if they are not there. */
export const openDatabase = (
  client: SqlClient,
  schema: string,
): Effect.Effect<Database, JournalError> => {
  const sql = client.withoutTransforms()
  const named = sql.unsafe<{ readonly name: string }>("SELECT current_database()::text AS name")
  return once(
    Effect.andThen(sql.unsafe(schema).unprepared, named.unprepared).pipe(
      Effect.retry({ while: isConflict, times: 20 }),
      Effect.mapError((error) => errorOf("Postgres", error)),
      Effect.map(([{ name } = { name: "Postgres" }]) => {
        const run: Run = (text, values) =>
          sql.unsafe<object>(text, values).pipe(
            Effect.retry({ while: isConflict, times: 20 }),
            Effect.mapError((error) => errorOf(name, error)),
          )
        return new Database(name, run)
      }),
    ),
  )
}
