/** The rows of minimal programs and of outboxes, in a file or in the database of a URL. */
import type { OutboxOptions } from "@aelyst/outbox"
import { postgres } from "@aelyst/outbox/postgres"
import { DatabaseSync } from "node:sqlite"
import { Pool } from "pg"

/** A row of a minimal program. */
export interface BareRow {
  readonly seq: number
  readonly identifier: string
  readonly body: string
}

/** The table of a minimal program, with one statement for each step. */
export interface BareTable {
  readonly insert: (identifier: string, body: string) => Promise<string>
  readonly fill: (rows: ReadonlyArray<Omit<BareRow, "seq">>) => Promise<void>
  readonly claim: (limit: number, owner: number) => Promise<ReadonlyArray<BareRow>>
  readonly end: (seq: number) => Promise<void>
  readonly close: () => Promise<void>
}

const isUrl = (location: string): boolean => location.startsWith("postgres://")

const inFile = (file: string): BareTable => {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, identifier TEXT, body TEXT, state TEXT, owner INTEGER)`)
  const insert = database.prepare(
    "INSERT INTO rows (identifier, body, state) VALUES (?, ?, 'planned')",
  )
  const claim = database.prepare(`UPDATE rows SET state = 'claimed', owner = ?
    WHERE seq IN (SELECT seq FROM rows WHERE state = 'planned' LIMIT ?) RETURNING seq, identifier, body`)
  const end = database.prepare("UPDATE rows SET state = 'done' WHERE seq = ?")
  return {
    insert: async (identifier, body) => String(insert.run(identifier, body).lastInsertRowid),
    fill: async (rows) => {
      database.exec("BEGIN")
      for (const { body, identifier } of rows) insert.run(identifier, body)
      database.exec("COMMIT")
    },
    claim: async (limit, owner) => {
      // safe: the statement returns these columns
      return claim.all(owner, limit) as unknown as ReadonlyArray<BareRow>
    },
    end: async (seq) => void end.run(seq),
    close: async () => database.close(),
  }
}

const inDatabase = (connectionString: string): BareTable => {
  const pool = new Pool({ connectionString })
  const insert =
    "INSERT INTO rows (identifier, body, state) VALUES ($1, $2, 'planned') RETURNING seq"
  const fill = `INSERT INTO rows (identifier, body, state)
    SELECT identifier, body, 'planned' FROM unnest($1::text[], $2::text[]) AS one (identifier, body)`
  const claim = `UPDATE rows SET state = 'claimed', owner = $1 WHERE seq IN
    (SELECT seq FROM rows WHERE state = 'planned' ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING seq, identifier, body`
  return {
    insert: async (identifier, body) =>
      String((await pool.query(insert, [identifier, body])).rows[0]?.seq),
    fill: async (rows) => {
      const columns = [rows.map(({ identifier }) => identifier), rows.map(({ body }) => body)]
      await pool.query(fill, columns)
    },
    claim: async (limit, owner) => (await pool.query<BareRow>(claim, [owner, limit])).rows,
    end: async (seq) =>
      void (await pool.query("UPDATE rows SET state = 'done' WHERE seq = $1", [seq])),
    close: () => pool.end(),
  }
}

/** Creates the table of a minimal program in a database. */
export const makeBareTable = async (connectionString: string): Promise<void> => {
  const pool = new Pool({ connectionString })
  await pool.query(`CREATE TABLE rows
    (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, identifier text, body text, state text, owner integer);
    CREATE INDEX ON rows (seq) WHERE state = 'planned'`)
  await pool.end()
}

/** Opens the table of a minimal program; that of a file is created. */
export const bareTable = (location: string): BareTable =>
  isUrl(location) ? inDatabase(location) : inFile(location)

/** Returns the options of an outbox in a file or a database, and what ends its connections. */
export const storeOf = (
  location: string,
): {
  readonly store: Pick<OutboxOptions, "file" | "store">
  readonly close: () => Promise<void>
} => {
  if (!isUrl(location)) return { store: { file: location }, close: async () => {} }
  const pool = new Pool({ connectionString: location })
  pool.on("error", () => {})
  const store = postgres({ query: (text, values) => pool.query(text, values) })
  return { store: { store }, close: () => pool.end() }
}
