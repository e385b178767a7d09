/** The sign-up page: one form that responds with pages, or with JSON for its script. */
import type { ContactDelivery } from "@aelyst/express"
import { aelystErrors, contactStatus, createContact } from "@aelyst/express"
import type { Aelyst } from "@aelyst/node"
import express from "express"
import type { Express, Request } from "express"
import { rateLimit } from "express-rate-limit"
import { fileURLToPath } from "node:url"

import { fields, formPage, thanksPage } from "./page.ts"
import { errorsOf } from "./words.ts"

const file = (name: string): string => fileURLToPath(new URL(`../public/${name}`, import.meta.url))

const wantsJson = (req: Request): boolean => req.accepts(["html", "json"]) === "json"

// browsers say which page sent a form; a page of another origin may not
const sameOrigin = (req: Request): boolean => {
  const { host, origin } = req.headers
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
}

const valuesOf = (req: Request): Record<string, string> => {
  const body: unknown = req.body
  return Object.fromEntries(
    fields.map(({ name }) => {
      const value: unknown =
        typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined
      return [name, typeof value === "string" ? value : ""]
    }),
  )
}

/** The options of the app. */
export interface SignupOptions {
  /** The client that creates the contacts. */
  readonly client: Aelyst
  /** The outbox that takes the sign-ups, so that none is lost while the API is down. Default: the visitor waits for it. */
  readonly delivery?: ContactDelivery
  /** The URL of the sandbox's inspector. */
  readonly inspector: string
  /** How many sign-ups a visitor may send per minute. */
  readonly perMinute: number
}

/** Creates the app. */
export const signup = ({ client, delivery, inspector, perMinute }: SignupOptions): Express => {
  const app = express()
  app.disable("x-powered-by")
  app.use((_req, res, next) => {
    res.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    res.setHeader("Referrer-Policy", "same-origin")
    next()
  })
  app.get("/signup.js", (_req, res) => res.sendFile(file("signup.js")))
  app.get("/signup.css", (_req, res) => res.sendFile(file("signup.css")))
  app.get("/", (_req, res) => res.send(formPage({ values: {}, errors: {} }, inspector)))
  app.get("/thanks", (_req, res) => res.send(thanksPage("created", inspector)))
  if (delivery !== undefined) {
    app.get("/status/:id", contactStatus({ delivery }))
    app.get("/thanks/:id", (req, res, next) => {
      // a caught bot has an id that is not known, and sees the page that people see
      delivery
        .get(req.params.id)
        .then((entry) => res.send(thanksPage(entry?.state ?? "pending", inspector)), next)
    })
  }
  app.post(
    "/",
    createContact({
      client,
      ...(delivery !== undefined && { delivery }),
      rate: rateLimit({
        windowMs: 60_000,
        limit: perMinute,
        ipv6Subnet: 64,
        standardHeaders: "draft-8",
        legacyHeaders: false,
        handler: (req, res) => {
          const retryAfter = Math.max(1, Number(res.getHeader("Retry-After") ?? 60))
          const message = "Too many attempts."
          res.status(429).setHeader("Cache-Control", "no-store")
          if (wantsJson(req)) res.json({ message, retryAfter, errors: {} })
          else res.send(formPage({ values: {}, errors: {}, message, retryAfter }, inspector))
        },
      }),
      guard: sameOrigin,
      honeypot: "favourite_colour",
      respond: (res, { id }, req) => {
        const location = id === undefined ? "/thanks" : `/thanks/${id}`
        if (wantsJson(req)) res.json({ location })
        else res.redirect(303, location)
      },
    }),
  )
  app.use(
    aelystErrors({
      respond: (res, problem, req) => {
        const errors = errorsOf(problem)
        const { message, retryAfter } = problem
        const wait = retryAfter === undefined ? {} : { retryAfter }
        if (wantsJson(req)) res.json({ message, errors, ...wait })
        else res.send(formPage({ values: valuesOf(req), errors, message, ...wait }, inspector))
      },
    }),
  )
  return app
}
