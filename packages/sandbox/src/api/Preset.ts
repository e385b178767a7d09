/**
 * Faults by name, as written in magic identifiers and the `X-Sandbox` header: a preset and its modifiers, joined by `-`.
 * A modifier is a duration (`7s`, `250ms`), `x3` for three times, `before` (the contact is not created) or `after` (it
 * is).
 */
import { configError } from "./Config.ts"
import type { FaultSpec } from "../types.ts"

const html = (title: string): FaultSpec => ({
  headers: { "content-type": "text/html; charset=utf-8" },
  body: `<!doctype html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
})

const megabyte = 2 ** 20

/** Every preset except the plain statuses. */
export const presets: Readonly<Record<string, FaultSpec>> = {
  drop: { delivery: "drop" },
  fin: { delivery: "fin" },
  stall: { delivery: "stall" },
  "stall-body": { delivery: "stall-body" },
  "truncate-length": { delivery: "truncate-length" },
  "truncate-chunked": { delivery: "truncate-chunked" },
  "truncate-close": { delivery: "truncate-close" },
  garbage: { delivery: "garbage" },
  trickle: { delivery: "trickle", intervalMs: 1000 },
  slow: { delayMs: 3000 },
  "html-502": { status: 502, ...html("502 Bad Gateway") },
  portal: { status: 200, commit: false, ...html("Welcome to the guest network") },
  "no-headers-429": { status: 429, retryAfter: null, rateLimitHeaders: false },
  "large-body": { padTo: 10 * megabyte },
  "gzip-bomb": { padTo: 64 * megabyte, gzip: true },
  gzip: { gzip: true },
  badjson: { status: 200, body: '{"code":"200","message":' },
  empty: { status: 200, body: "" },
  null: { status: 200, body: "null" },
  string: { status: 200, body: '"Contact added successfully!"' },
  array: { status: 200, body: "[]" },
  bom: { status: 200, body: '\uFEFF{"code":"200","message":"Contact added successfully!"}' },
  "number-code": { status: 200, body: { code: 200, message: "Contact added successfully!" } },
  "no-code": { status: 200, body: { message: "Contact added successfully!" } },
  "other-code": { status: 200, commit: false, body: { code: "400", message: "Validation error." } },
  false: { status: 200, commit: false, body: { success: false } },
  "object-message": { status: 400, body: { code: 400, message: { error: "Validation error." } } },
}

const names = Object.keys(presets).toSorted((a, b) => b.length - a.length)

const duration = (text: string): number | undefined => {
  const found = /^(\d{1,6})(ms|s|m)$/.exec(text)
  if (found === null) return undefined
  const factor = found[2] === "ms" ? 1 : found[2] === "s" ? 1000 : 60_000
  return Number(found[1]) * factor
}

const modify = (spec: FaultSpec, modifier: string): FaultSpec | undefined => {
  if (modifier === "before" || modifier === "after")
    return { ...spec, commit: modifier === "after" }
  const times = /^x(\d{1,6})$/.exec(modifier)?.[1]
  if (times !== undefined) return { ...spec, times: Number(times) }
  const ms = duration(modifier)
  if (ms === undefined) return undefined
  if (spec.delivery === "trickle") return { ...spec, intervalMs: ms }
  return spec.status === 429 || spec.status === 503
    ? { ...spec, retryAfter: ms / 1000 }
    : { ...spec, delayMs: ms }
}

/** Explains that a preset does not exist. */
export const unknown = (text: string): string =>
  `unknown preset ${JSON.stringify(text)}: expected a status from 200 to 599 or a preset such as 429-7s-x3, drop-before or html-502`

/** Reads a preset with its modifiers; returns `undefined` for anything else. */
export const parse = (text: string): FaultSpec | undefined => {
  const name = names.find((known) => text === known || text.startsWith(`${known}-`))
  const status = /^([2-5]\d\d)(?:-|$)/.exec(text)?.[1]
  let spec: FaultSpec | undefined =
    name !== undefined
      ? presets[name]
      : status === undefined
        ? undefined
        : { status: Number(status) }
  const rest = text.slice((name ?? status ?? "").length + 1)
  for (const modifier of rest === "" ? [] : rest.split("-")) {
    if (spec === undefined) return undefined
    spec = modify(spec, modifier)
  }
  return spec === undefined ? undefined : { ...spec, preset: text }
}

const magicDomain = "@sandbox.test"

/** Finds the preset in a magic identifier, such as `email:429-7s-x3@sandbox.test`. */
export const fromIdentifier = (identifier: string): FaultSpec | undefined =>
  identifier.startsWith("email:") && identifier.toLowerCase().endsWith(magicDomain)
    ? parse(identifier.slice("email:".length, -magicDomain.length).toLowerCase())
    : undefined

/**
 * Reads an `X-Sandbox` header: `respond=429; retry-after=7; times=3`, or `respond=` and any preset. Also `delay=250`
 * (milliseconds), `location=…` and `probability=0.5`. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"`.
 */
export const fromHeader = (text: string): FaultSpec => {
  let spec: FaultSpec = {}
  for (const part of text.split(";")) {
    const equals = part.indexOf("=")
    const name = part
      .slice(0, equals === -1 ? part.length : equals)
      .trim()
      .toLowerCase()
    const value = equals === -1 ? "" : part.slice(equals + 1).trim()
    switch (name) {
      case "":
        break
      case "respond": {
        const found = parse(value)
        if (found === undefined) throw configError(`X-Sandbox: ${unknown(value)}`)
        spec = { ...found, ...spec }
        break
      }
      case "retry-after":
        spec = { ...spec, retryAfter: value === "none" ? null : value }
        break
      case "location":
        spec = { ...spec, location: value }
        break
      case "times":
      case "delay":
      case "probability": {
        const number = Number(value)
        if (value === "" || !Number.isFinite(number) || number < 0)
          throw configError(`X-Sandbox: \`${name}\` must be a number, 0 or more`)
        spec = { ...spec, [name === "delay" ? "delayMs" : name]: number }
        break
      }
      default:
        throw configError(
          "X-Sandbox: expected only respond, retry-after, times, delay, location and probability, as in respond=429; retry-after=7",
        )
    }
  }
  return spec
}
