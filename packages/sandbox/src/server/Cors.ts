/** Lets the pages of chosen origins call the API from a browser. The admin API stays closed to them. */
import type { IncomingMessage, ServerResponse } from "node:http"

import { configError } from "../api/Config.ts"

/** Sets the headers for a request; returns whether it was a preflight, which is then answered. */
export type Cors = (request: IncomingMessage, output: ServerResponse) => boolean

// a browser hides all other headers from the page
const exposed = "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining"

/**
 * Returns the headers' setter for a list of origins, such as `http://localhost:5173`. Throws a `TypeError` with
 * `code: "ERR_AELYST_CONFIG"` for anything else.
 */
export const make = (origins: ReadonlyArray<string>): Cors => {
  for (const origin of origins) {
    if (URL.parse(origin)?.origin !== origin)
      throw configError(
        `\`cors\` must be a list of origins such as "http://localhost:5173", without a path (got ${JSON.stringify(origin)})`,
      )
  }
  return (request, output) => {
    const { origin } = request.headers
    if (origin === undefined || !origins.includes(origin)) return false
    output.setHeader("access-control-allow-origin", origin)
    output.setHeader("access-control-expose-headers", exposed)
    output.setHeader("vary", "origin")
    const asked = request.headers["access-control-request-method"]
    if (request.method !== "OPTIONS" || asked === undefined) return false
    output.setHeader("access-control-allow-methods", "POST")
    const wanted = request.headers["access-control-request-headers"]
    if (wanted !== undefined) output.setHeader("access-control-allow-headers", wanted)
    output.writeHead(204).end()
    return true
  }
}
