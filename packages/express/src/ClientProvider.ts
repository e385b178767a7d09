/** `aelyst` and `getAelyst`: the client of a request, attached under a symbol so that it clashes with no other name. */
import type { AelystOptions } from "@aelyst/node"
import { Aelyst } from "@aelyst/node"
import type { RequestHandler } from "express"
import type { IncomingMessage } from "node:http"

import { findings, report } from "./Diagnostics.ts"
import { checkNames } from "./OptionNames.ts"
import { RequestError } from "./RequestError.ts"
import type { ClientSource, SetupOptions } from "./types.ts"

/** How many calls may be queued before a visitor gets a 503; the option `maxQueue` overrides it. */
const MAX_QUEUE = 100
/** How long a visitor waits at most, in milliseconds; the option `deadlineMs` overrides it. */
const DEADLINE = 20_000

const isClient = (source: ClientSource): source is Aelyst =>
  "contacts" in source && typeof source.contacts.create === "function"

const hasToken = (options: AelystOptions): boolean =>
  options.token !== undefined || (process.env["AELYST_TOKEN"] ?? "") !== ""

/**
 * A client that is created at once, or as soon as there is a token: a missing token is reported at the first request,
 * so that the rest of the app starts without one. Every other invalid option throws at once.
 */
export class LazyClient {
  readonly setup: SetupOptions
  readonly #options: AelystOptions
  #client: Aelyst | undefined

  constructor(source: ClientSource, setup: SetupOptions) {
    this.setup = setup
    const given = isClient(source)
    this.#client = given ? source : undefined
    this.#options = given ? {} : { maxQueue: MAX_QUEUE, deadlineMs: DEADLINE, ...source }
    if (!given && hasToken(this.#options)) this.#client = new Aelyst(this.#options)
  }

  /** Returns the client; throws a `RequestError` while there is no token. */
  get(app: object): Aelyst {
    if (this.#client === undefined) {
      if (!hasToken(this.#options)) {
        report(app, "noToken", this.setup)
        throw misconfigured("noToken")
      }
      this.#client = new Aelyst(this.#options)
    }
    return this.#client
  }
}

const misconfigured = (name: "noClient" | "noToken"): RequestError =>
  new RequestError("misconfigured", {
    message: `${findings[name].message} [${findings[name].code}]`,
  })

const key = Symbol.for("@aelyst/express/client")

const attached = (req: object): LazyClient | undefined => {
  // safe: only `aelyst` below writes under this symbol
  return Reflect.get(req, key) as LazyClient | undefined
}

const appOf = (req: object): object => {
  const app: unknown = Reflect.get(req, "app")
  return typeof app === "function" ? app : req
}

/** Returns the client of a block: its own, or the attached one. */
export const clientOf = (
  req: IncomingMessage,
  own: LazyClient | undefined,
  setup: SetupOptions,
): Aelyst => {
  const client = own ?? attached(req)
  if (client !== undefined) return client.get(appOf(req))
  report(appOf(req), "noClient", setup)
  throw misconfigured("noClient")
}

/** Returns the settings of a block; those it does not have come from the attached client. */
export const setupOf = (req: IncomingMessage, own: SetupOptions): SetupOptions => {
  const { checks = attached(req)?.setup.checks, log = attached(req)?.setup.log } = own
  return { ...(checks !== undefined && { checks }), ...(log !== undefined && { log }) }
}

/**
 * Creates the middleware that attaches a client to every request, for `getAelyst` and for the other blocks.
 *
 * **Details**
 *
 * Takes a client or the options of one; the defaults are `AELYST_TOKEN` and `AELYST_BASE_URL`. A client created here
 * queues up to 100 calls (`maxQueue`) and ends each after 20 s (`deadlineMs`). `req.aelyst` is the client too, unless something else uses that name; its type is
 * in `@aelyst/express/env`. Throws a `TypeError` for an invalid option.
 *
 * **Example** (Attaching a client)
 *
 * ```ts
 * import express from "express"
 * import { aelyst } from "@aelyst/express"
 *
 * const app = express()
 * app.use(aelyst({ timeoutMs: 5_000 }))
 * ```
 */
export const aelyst = (source: ClientSource = {}, setup: SetupOptions = {}): RequestHandler => {
  checkNames("aelyst", setup)
  const client = new LazyClient(source, setup)
  return (req, _res, next) => {
    Object.defineProperty(req, key, { value: client, configurable: true })
    if (!("aelyst" in req)) {
      Object.defineProperty(req, "aelyst", {
        get: () => getAelyst(req),
        set: (value: unknown) => {
          Object.defineProperty(req, "aelyst", {
            value,
            configurable: true,
            enumerable: true,
            writable: true,
          })
        },
        configurable: true,
      })
    }
    next()
  }
}

/**
 * Returns the client that `aelyst()` attached. Throws if there is none, or if there is no token yet; the error has the
 * status 500 and says what to do.
 *
 * **Example** (Creating a contact in a route)
 *
 * ```ts
 * import express from "express"
 * import { aelyst, aelystErrors, getAelyst } from "@aelyst/express"
 *
 * const app = express()
 * app.use(aelyst())
 * app.post("/orders", async (req, res) => {
 *   await getAelyst(req).contacts.create("email:ana@example.com", { firstName: "Ana" })
 *   res.sendStatus(204)
 * })
 * app.use(aelystErrors())
 * ```
 */
export const getAelyst = (req: IncomingMessage): Aelyst => clientOf(req, undefined, {})
