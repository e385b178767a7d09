/** The client of a request: attached under a symbol, so that no name on `req` is taken from anybody. */
import type { AelystOptions } from "@aelyst/node"
import { Aelyst } from "@aelyst/node"
import type { RequestHandler } from "express"
import type { IncomingMessage } from "node:http"

import { findings, report } from "./Diagnostics.ts"
import { Refusal } from "./RequestError.ts"
import type { ClientSource, SetupOptions } from "./types.ts"

/** How many calls may wait in line before a visitor is told to come back, unless an option says otherwise. */
const MAX_QUEUE = 100

const isClient = (source: ClientSource): source is Aelyst =>
  "contacts" in source && typeof source.contacts.create === "function"

const hasToken = (options: AelystOptions): boolean =>
  options.token !== undefined || (process.env["AELYST_TOKEN"] ?? "") !== ""

/**
 * A client that is there at once, or as soon as there is a token: a missing one is told at the first request, so that
 * the rest of an app starts without it. Any other wrong option throws where it is given.
 */
export class Holder {
  readonly setup: SetupOptions
  readonly #options: AelystOptions
  #client: Aelyst | undefined

  constructor(source: ClientSource, setup: SetupOptions) {
    this.setup = setup
    const given = isClient(source)
    this.#client = given ? source : undefined
    this.#options = given ? {} : { maxQueue: MAX_QUEUE, ...source }
    if (!given && hasToken(this.#options)) this.#client = new Aelyst(this.#options)
  }

  /** Gives the client; throws a `Refusal` while there is no token. */
  get(app: object): Aelyst {
    if (this.#client === undefined) {
      if (!hasToken(this.#options)) {
        report(app, "noToken", this.setup)
        throw setUpWrong("noToken")
      }
      this.#client = new Aelyst(this.#options)
    }
    return this.#client
  }
}

const setUpWrong = (name: "noClient" | "noToken"): Refusal =>
  new Refusal("misconfigured", { message: `${findings[name].message} [${findings[name].code}]` })

const key = Symbol.for("@aelyst/express/client")

const attached = (req: object): Holder | undefined => {
  // safe: only `aelyst` below writes under this symbol
  return Reflect.get(req, key) as Holder | undefined
}

const appOf = (req: object): object => {
  const app: unknown = Reflect.get(req, "app")
  return typeof app === "function" ? app : req
}

/** Gives the client of a block: its own, or the one that is attached. */
export const clientOf = (
  req: IncomingMessage,
  own: Holder | undefined,
  setup: SetupOptions,
): Aelyst => {
  const holder = own ?? attached(req)
  if (holder !== undefined) return holder.get(appOf(req))
  report(appOf(req), "noClient", setup)
  throw setUpWrong("noClient")
}

/** Gives the settings of a block, and where it has none those of the attached client. */
export const setupOf = (req: IncomingMessage, own: SetupOptions): SetupOptions => {
  const { checks = attached(req)?.setup.checks, log = attached(req)?.setup.log } = own
  return { ...(checks !== undefined && { checks }), ...(log !== undefined && { log }) }
}

/**
 * Attaches a client to every request; `getAelyst` gives it.
 *
 * Takes a client of yours or the options of one; without any it reads `AELYST_TOKEN` and `AELYST_BASE_URL`. A client
 * made here lets 100 calls wait in line (`maxQueue`). `req.aelyst` is there too, unless something else has that name;
 * its type comes with `@aelyst/express/env`. Throws a `TypeError` for options that make no sense.
 */
export const aelyst = (source: ClientSource = {}, setup: SetupOptions = {}): RequestHandler => {
  const holder = new Holder(source, setup)
  return (req, _res, next) => {
    Object.defineProperty(req, key, { value: holder, configurable: true })
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
 * Gives the client that `aelyst()` attached. Throws where there is none, or none yet for lack of a token; the error has
 * the status 500 and names what to do.
 */
export const getAelyst = (req: IncomingMessage): Aelyst => clientOf(req, undefined, {})
