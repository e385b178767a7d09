/**
 * Reports what the operator should know: each finding has a stable code and a name that switches it off, and has a heading
 * in the README. Problems with how the blocks are set up are logged once per app, events at most once a minute.
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
  fieldIgnored: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_FIELD_IGNORED",
    message: "The default map does not read this field of the form: list it in customFields or map",
  },
  honeypot: {
    level: "warn",
    code: "ERR_AELYST_EXPRESS_HONEYPOT",
    message: "The honeypot was filled in, so nothing was sent: if people report this, rename it",
  },
  createFailed: {
    level: "error",
    code: "ERR_AELYST_EXPRESS_CREATE_FAILED",
    message: "A create failed; onError receives each error",
  },
} as const satisfies Readonly<Record<FindingName, Finding>>

/** Returns the URL of a finding's heading. */
const docsOf = (code: string): string =>
  `https://github.com/aelyst/aelyst/blob/main/packages/express/README.md#${code.toLowerCase()}`

const logged = new WeakMap<object, Set<string>>()

/** How often an event is logged at most, in milliseconds. */
const LOG_INTERVAL = 60_000
/** How many names of form fields are logged per app: a visitor can invent any number. */
const MAX_FIELDS = 50

const events = new WeakMap<object, Map<string, { pending: number }>>()

const isOn = (checks: Checks | undefined, name: FindingName): boolean =>
  typeof checks === "object" ? checks[name] !== false : checks !== false

const warn = ({ code, docs, message }: LogEntry): void =>
  process.emitWarning(`${message} ${docs}`, { type: "AelystExpressWarning", code })

const write = (
  name: FindingName,
  options: SetupOptions,
  details: Pick<LogEntry, "count" | "field" | "error"> = {},
): void => {
  const { code, level, message } = findings[name]
  const shown = Object.entries(details).map(([key, value]) => `${key}: ${value}`)
  const suffix = shown.length === 0 ? "" : ` (${shown.join(", ")})`
  try {
    const log = options.log ?? warn
    log({ level, code, message: message + suffix, docs: docsOf(code), ...details })
  } catch {
    // a failing logger must not fail the visitor's request
  }
}

const namesOf = (app: object): Set<string> => {
  const names = logged.get(app) ?? new Set()
  logged.set(app, names)
  return names
}

/** Logs a finding the first time `app` has it. A `log` that throws changes nothing. */
export const report = (app: object, name: FindingName, options: SetupOptions): void => {
  if (!isOn(options.checks, name)) return
  const names = namesOf(app)
  if (names.has(name)) return
  names.add(name)
  write(name, options)
}

/** Logs a field of a form that the default map does not read, once per app and name. */
export const reportField = (app: object, field: string, options: SetupOptions): void => {
  // a name that may be a value, such as an address or a number, is not logged
  if (!isOn(options.checks, "fieldIgnored") || !/^[a-z_][\w.[\] -]{0,39}$/i.test(field)) return
  const names = namesOf(app)
  const key = `fieldIgnored ${field}`
  if (names.has(key) || [...names].filter((one) => one.includes(" ")).length >= MAX_FIELDS) return
  names.add(key)
  write("fieldIgnored", options, { field })
}

/**
 * Logs an event at once the first time, then at most once a minute for each `error`, with the number of events since the
 * last line.
 */
export const reportEvent = (
  app: object,
  name: "honeypot" | "createFailed",
  options: SetupOptions,
  error?: string,
): void => {
  if (!isOn(options.checks, name)) return
  const known = events.get(app) ?? new Map<string, { pending: number }>()
  events.set(app, known)
  const key = `${name} ${error}`
  const open = known.get(key)
  if (open !== undefined) {
    open.pending++
    return
  }
  const details = error === undefined ? {} : { error }
  const event = { pending: 0 }
  known.set(key, event)
  const timer = setInterval(() => {
    if (event.pending > 0) write(name, options, { ...details, count: event.pending })
    else {
      clearInterval(timer)
      known.delete(key)
    }
    event.pending = 0
  }, LOG_INTERVAL).unref()
  write(name, options, { ...details, count: 1 })
}

/** Ends a finding, so that it is logged again when it comes back. */
export const clear = (app: object, name: FindingName): void => {
  logged.get(app)?.delete(name)
}
