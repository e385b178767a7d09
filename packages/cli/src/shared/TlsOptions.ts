/** The encryption of a connection to Postgres, by the `sslmode` of its URL, which means what libpq says. */
import * as Fs from "node:fs"
import type { ConnectionOptions } from "node:tls"

import * as Redacted from "effect/Redacted"

import type { DatabaseUrl } from "../outbox/DatabaseUrl.ts"

/** Returns the options of TLS, in the order in which they are tried; false is a connection in clear. */
export const tlsOptions = ({
  mode,
  url,
}: Pick<DatabaseUrl, "mode" | "url">): ReadonlyArray<ConnectionOptions | false> => {
  if (mode === "disable") return [false]
  const { searchParams } = new URL(Redacted.value(url).replace("@/", "@localhost/"))
  const read = (name: string) => {
    const path = searchParams.get(name)
    return path === null ? undefined : Fs.readFileSync(path, "utf8")
  }
  const [ca, cert, key] = ["sslrootcert", "sslcert", "sslkey"].map(read)
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (mode === "verify-full") return [files]
  // as libpq: with a root certificate, `require` checks the chain
  if (mode === "verify-ca" || ca !== undefined) {
    return [{ ...files, checkServerIdentity: () => undefined }]
  }
  const unchecked = { ...files, rejectUnauthorized: false }
  return mode === "prefer" ? [unchecked, false] : [unchecked]
}
