/** How a command connects to the API: transport, proxy and certificates, and what is said about them. */
import type { ConfigurationError } from "@aelyst/core"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"

import type { Environment } from "./Host.ts"
import { Host, variable } from "./Host.ts"
import { Screen } from "./Screen.ts"
import type { Settings } from "./Settings.ts"

/** Returns the variable that names the proxy for https URLs, if one does; the one in lower case wins. */
export const proxyVariable = (env: Environment): string | undefined =>
  ["https_proxy", "HTTPS_PROXY"].find((name) => (variable(env, name) ?? "").trim() !== "")

/** Returns whether certificates are checked. */
export const checksCertificates = (env: Environment): boolean =>
  variable(env, "NODE_TLS_REJECT_UNAUTHORIZED") !== "0"

/** Provides the transport of `@aelyst/node`, which is loaded here: it is the largest part, and a preview needs none of it. */
export const layer = (baseUrl: string): Layer.Layer<HttpClient.HttpClient, ConfigurationError> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@aelyst/node/effect")),
      (transport) => transport.layerTransport({ baseUrl, proxy: "env" }),
    ),
  )

/** Warns if anyone could read the token; with `-v` also reports the proxy and the token's origin. */
export const announce = Effect.fnUntraced(function* (
  { baseUrl, profile, host }: Pick<Settings, "baseUrl" | "profile" | "host">,
  tokenFrom: string,
  verbose: boolean,
): Effect.fn.Return<void, never, Host | Screen> {
  const { env } = yield* Host
  const printer = yield* Screen
  if (!checksCertificates(env)) {
    printer.warn(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 turns off certificate checks: anyone on the network path can read the token",
    )
  }
  if (!verbose) return
  const proxy = proxyVariable(env)
  if (proxy !== undefined && baseUrl.startsWith("https:")) {
    printer.notice(`proxy from ${proxy}, unless NO_PROXY lists the host`)
  }
  printer.notice(`token from ${tokenFrom}, profile ${profile}, host ${host}`)
})
