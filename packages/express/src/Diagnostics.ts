/**
 * What the blocks notice about how they are set up: each finding has a stable code and a name to switch it off by, is
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
    message: "No client is attached: put app.use(aelyst()) before the route, or give it a client",
  },
  noToken: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_NO_TOKEN",
    message: "There is no token: set AELYST_TOKEN, or give aelyst() the option token",
  },
  mapperBeforeHandler: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_MAPPER_BEFORE_HANDLER",
    message:
      "aelystErrors() stands before createContact(), so errors never reach it: move it behind the routes",
  },
  bodyConsumed: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_BODY_CONSUMED",
    message:
      "The body was read before, and there is no req.body: let a parser set it, or read it later",
  },
  trustProxyUnset: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_TRUST_PROXY_UNSET",
    message:
      'X-Forwarded-For is there but "trust proxy" is not set, so all visitors share one limit: set it to the number of your proxies',
  },
  trustProxyAll: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_TRUST_PROXY_ALL",
    message:
      '"trust proxy" is true, so a visitor can choose an address and escape the limit: set it to the number of your proxies',
  },
  onCreatedFailed: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_ON_CREATED_FAILED",
    message: "onCreated failed; the contact was created and the visitor was told so",
  },
  upstreamAuth: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_UPSTREAM_AUTH",
    message: "The API refused our token: no contact is created until it gets one that it accepts",
  },
} as const satisfies Record<FindingName, Finding>

/** Gives the address of a finding's heading. */
const docsOf = (code: string): string =>
  `https://github.com/aelyst/aelyst/blob/main/packages/express/README.md#${code.toLowerCase()}`

const logged = new WeakMap<object, Set<string>>()

const isOn = (checks: Checks | undefined, name: FindingName): boolean =>
  typeof checks === "object" ? checks[name] !== false : checks !== false

const warn = ({ code, docs, message }: LogEntry): void =>
  process.emitWarning(`${message} ${docs}`, { type: "AelystExpressWarning", code })

/** Logs a finding, the first time that `app` has it. A `log` that throws changes nothing. */
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
    // a logger's own failure is no reason to fail a visitor
  }
}

/** Lets a finding that ended be logged again when it comes back. */
export const clear = (app: object, name: FindingName): void => {
  logged.get(app)?.delete(findings[name].code)
}
