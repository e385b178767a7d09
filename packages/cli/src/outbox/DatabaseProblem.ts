/** The words for a database that cannot be used. They are made of codes: a driver's message may quote the URL. */
import type { DatabaseUrl } from "./DatabaseUrl.ts"

/** Holds the problem and its cure. */
export interface DatabaseProblem {
  readonly _tag: "DatabaseProblem"
  readonly problem: string
  readonly fix: string
}

const bySqlState: Readonly<Record<string, readonly [problem: string, fix: string]>> = {
  "28P01": ["rejected the user or the password", "check both in the URL"],
  "28000": ["rejected the user", "check the user in the URL, and pg_hba.conf on the server"],
  "3D000": ["does not exist", "check the end of the URL"],
  "42501": [
    "does not let this user read the tables",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON aelyst_outbox, aelyst_outbox_meta TO the user",
  ],
  "53300": ["has no connection left", "try again later"],
  "57P03": ["is starting up", "try again in a moment"],
  NO_OUTBOX: [
    "has no outbox",
    "check the database's name and the user's search_path; the app creates the tables when it starts",
  ],
}

const unreachable =
  /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|EPIPE)$/

const certificate = /CERT|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$/

const codeOf = (error: unknown): string => {
  const code: unknown = Reflect.get(Object(error), "code")
  return typeof code === "string" && /^\w{4,50}$/.test(code) ? code : ""
}

const of = (problem: string, fix: string): DatabaseProblem => ({
  _tag: "DatabaseProblem",
  problem,
  fix,
})

/** Returns the words for an error of the driver. */
export const problemOf = (error: unknown, { mode, shown }: DatabaseUrl): DatabaseProblem => {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : ""
  const [problem, fix] = bySqlState[code] ?? []
  if (problem !== undefined && fix !== undefined) return of(`the database ${shown} ${problem}`, fix)
  if (Reflect.get(Object(error), "syscall") === "open") {
    return of(
      `a file that the URL of the database ${shown} names cannot be read (${code})`,
      "check sslrootcert, sslcert and sslkey",
    )
  }
  if (unreachable.test(code)) {
    return of(
      `cannot reach the database ${shown}: ${code}`,
      "check host and port in the URL, and the network",
    )
  }
  if (certificate.test(code)) {
    return of(
      `the certificate of the database ${shown} cannot be verified: ${code}`,
      "name the certificate to trust: sslrootcert=<path> in the URL",
    )
  }
  // the words of `pg`, and of Effect's driver
  if (/^The server does not support (?:SSL connections|TLS)$/.test(message)) {
    return of(
      `the database ${shown} does not offer TLS, which sslmode=${mode} asks for`,
      "turn TLS on in the server; on a network that you trust: sslmode=disable",
    )
  }
  if (Reflect.get(Object(error), "_tag") === "PgProtocolParseError") {
    return of(`what answers at ${shown} is no Postgres server`, "check host and port in the URL")
  }
  if (message.startsWith("SASL") || message.includes("requested password")) {
    return of(
      `the database ${shown} asks for a password`,
      "write it into the URL, or into the file that PGPASSFILE names",
    )
  }
  if (/time-?out|timed out/i.test(message)) {
    return of(
      `the database ${shown} does not respond`,
      "check host and port in the URL, and the network",
    )
  }
  return of(
    `the database ${shown} cannot be used${code === "" ? "" : `: ${code}`}`,
    "check the URL, and the log of the server",
  )
}
