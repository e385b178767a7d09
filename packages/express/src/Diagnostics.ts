/**
 * Reports problems with how the blocks are set up: each finding has a stable code and a name that switches it off, is
 * logged once per app, and has a heading in the README.
 */
import type { Checks, FindingName, LogEntry, SetupOptions } from "./types.ts"

interface Finding {
  readonly level: "warn" | "error"
  readonly code: string
  readonly message: string
}

/** Lists the findings by the name that switches each off. */
export const findings = {
  noClient: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_NO_CLIENT",
    message:
      "No client is attached: add app.use(aelyst()) before the route, or pass the option client",
  },
  noToken: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_NO_TOKEN",
    message: "There is no API token: set AELYST_TOKEN, or pass the option token to aelyst()",
  },
  mapperBeforeHandler: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_MAPPER_BEFORE_HANDLER",
    message:
      "aelystErrors() is mounted before createContact(), so it never receives its errors: mount it after the routes",
  },
  bodyConsumed: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_BODY_CONSUMED",
    message:
      "The request body was already read and req.body is not set: use a body parser that sets it, or do not read the body before this route",
  },
  trustProxyUnset: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_TRUST_PROXY_UNSET",
    message:
      'X-Forwarded-For is present but "trust proxy" is not set, so all visitors share one limit: set it to the number of your proxies',
  },
  trustProxyAll: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_TRUST_PROXY_ALL",
    message:
      '"trust proxy" is true, so visitors can fake their address and avoid the limit: set it to the number of your proxies',
  },
  onCreatedFailed: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_ON_CREATED_FAILED",
    message:
      "onCreated threw or rejected; the contact was created and the visitor got a success: handle errors inside onCreated",
  },
  upstreamAuth: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_UPSTREAM_AUTH",
    message:
      "The API rejected the token, so no contact can be created: set AELYST_TOKEN or the option token to a valid one",
  },
} as const satisfies Readonly<Record<FindingName, Finding>>

/** Returns the URL of a finding's heading. */
const docsOf = (code: string): string =>
  `https://github.com/aelyst/aelyst/blob/main/packages/express/README.md#${code.toLowerCase()}`

const logged = new WeakMap<object, Set<string>>()

const isOn = (checks: Checks | undefined, name: FindingName): boolean =>
  typeof checks === "object" ? checks[name] !== false : checks !== false

const warn = ({ code, docs, message }: LogEntry): void =>
  process.emitWarning(`${message} ${docs}`, { type: "AelystExpressWarning", code })

/** Logs a finding the first time `app` has it. A `log` that throws changes nothing. */
export const report = (app: object, name: FindingName, options: SetupOptions): void => {
  if (!isOn(options.checks, name)) return
  const codes = logged.get(app) ?? new Set()
  logged.set(app, codes)
  const { code, level, message } = findings[name]
  if (codes.has(code)) return
  codes.add(code)
  try {
    const log = options.log ?? warn
    log({ level, code, message, docs: docsOf(code) })
  } catch {
    // a failing logger must not fail the visitor's request
  }
}

/** Ends a finding, so that it is logged again when it comes back. */
export const clear = (app: object, name: FindingName): void => {
  logged.get(app)?.delete(findings[name].code)
}
