/**
 * Reads the URL of a Postgres database. It may hold a password, so no message quotes it. Its `sslmode` means what libpq
 * says; without one the connection is not encrypted.
 */
import { ClientOptions } from "@aelyst/core/adapter"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { Failure } from "../Failure.ts"
import { usage } from "../Failure.ts"
import type { Environment } from "../Host.ts"
import { variable } from "../Host.ts"
import { visible } from "../Text.ts"

const modes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const

/** Names how a connection is encrypted. */
export type SslMode = (typeof modes)[number]

/** Holds a URL for the driver. */
export interface DatabaseUrl {
  /** The URL, with its `sslmode`. */
  readonly url: Redacted.Redacted
  readonly mode: SslMode
  /** Host, port and database. */
  readonly shown: string
  /** Whether it leaves the machine unencrypted without a setting that asks for it. */
  readonly isExposed: boolean
}

// as a part before @, or as a parameter; also in a text that is no valid URL
const holdsPassword = (text: string): boolean => {
  const [, rest = text] = /^\w*:\/\/(.*)$/s.exec(text) ?? []
  const at = rest.lastIndexOf("@")
  return (at !== -1 && rest.slice(0, at).includes(":")) || /password\s*=/i.test(text)
}

/** Reads the value of `--store`, which must not hold a password. */
export const fromArgument = (text: string, env: Environment): Result.Result<DatabaseUrl, Failure> =>
  holdsPassword(text)
    ? Result.fail(
        usage(
          "--store holds a password: arguments are visible in the process list",
          "fix:   put the URL into AELYST_STORE, or into a file that only you can read: --store-file <path>",
          "then change the password, if others use this machine",
        ),
      )
    : parse(text, "--store", env)

// a URL may have a user and no host: the socket's directory is a parameter
const toUrl = (text: string): URL | undefined => {
  const withHost = text.replace("@/", "@localhost/")
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(withHost)) return undefined
  const url = new URL(withHost)
  // a password with one of / ? # as it is: what seems to be host and port is the user and a part of it
  return `${url.pathname}${url.search}${url.hash}`.includes("@") || url.hash !== ""
    ? undefined
    : url
}

const isLocal = (host: string): boolean =>
  host === "" || host.startsWith("/") || /^%2f/i.test(host) || ClientOptions.isLoopback(host)

const modeOf = (url: URL, env: Environment): string | undefined => {
  const ssl = url.searchParams.get("ssl")
  const given = url.searchParams.get("sslmode") ?? variable(env, "PGSSLMODE")
  if (given !== undefined || ssl === null) return given
  return ssl === "true" || ssl === "1" ? "verify-full" : "disable"
}

/** Reads a URL; `from` names its source in messages. */
export const parse = (
  given: string,
  from: string,
  env: Environment,
): Result.Result<DatabaseUrl, Failure> => {
  const text = given.trim()
  const url = toUrl(text)
  if (url === undefined) {
    return Result.fail(
      usage(
        `${from} holds no URL of a Postgres database: expected postgres://user:password@host:5432/database`,
        "fix:   write characters such as / and @ in the password as %2F and %40; an SQLite file is named by --file",
      ),
    )
  }
  const asked = modeOf(url, env)
  const mode = modes.find((one) => one === (asked ?? "disable"))
  if (mode === undefined) {
    return Result.fail(
      usage(`invalid sslmode in ${from}`, `fix:   write one of ${modes.join(", ")}`),
    )
  }
  if (mode === "verify-ca" && !url.searchParams.has("sslrootcert")) {
    return Result.fail(
      usage(
        `sslmode=verify-ca in ${from} needs sslrootcert`,
        "fix:   add sslrootcert=<path>, or write sslmode=verify-full for a public certificate",
      ),
    )
  }
  const host = url.searchParams.get("host") ?? url.hostname
  const port = url.searchParams.get("port") ?? url.port
  // with this, the driver reads sslmode as libpq does
  const separator = url.search === "" ? "?" : "&"
  const withMode = `${text.replace(/([?&])(?:sslmode|uselibpqcompat|ssl)=[^&]*/g, "$1")}${separator}sslmode=${mode}&uselibpqcompat=true`
  return Result.succeed({
    url: Redacted.make(withMode, { label: "database" }),
    mode,
    shown: visible(`${host}${port === "" ? "" : `:${port}`}${url.pathname}`),
    isExposed: asked === undefined && !isLocal(host),
  })
}
