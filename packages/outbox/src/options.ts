/** Checks the options of an outbox; an invalid one throws a `TypeError` that names it. */
import type { Delivery } from "@aelyst/core/types"
import { keyOf } from "@aelyst/journal/storage"

import type { EncryptionKeys, OutboxLogEntry, OutboxOptions } from "./types.ts"

const day = 86_400_000

/** The bounds and defaults of the options that are numbers. */
export const numbers = {
  concurrency: { least: 1, most: 1_000, otherwise: 16 },
  maxPending: { least: 1, most: 10_000_000, otherwise: 100_000 },
  maxRounds: { least: 1, most: 100, otherwise: 8 },
  leaseMs: { least: 1_000, most: 60_000, otherwise: 5_000 },
  retentionMs: { least: 0, most: 365 * day, otherwise: 7 * day },
} as const

type NumberName = keyof typeof numbers

/** The checked options. */
export interface Settings extends Readonly<Record<NumberName, number>> {
  readonly delivery: Delivery
  readonly keys: ReadonlyArray<Uint8Array>
  readonly log: (entry: OutboxLogEntry) => void
}

const names: ReadonlySet<string> = new Set(
  Object.keys(numbers).concat(
    "client",
    "file",
    "create",
    "store",
    "delivery",
    "encryptionKeys",
    "onEnd",
    "log",
  ),
)

/** Creates the error for an invalid option; it never shows a key. */
export const invalid = (option: string, rule: string, given?: unknown): TypeError => {
  const shown =
    given === undefined ? "" : ` (got ${typeof given === "number" ? given : typeof given})`
  return Object.assign(new TypeError(`\`${option}\` ${rule}${shown}`), {
    code: "ERR_AELYST_CONFIG",
    option,
  })
}

const checkNumber = (name: NumberName, given: unknown): number => {
  const { least, most, otherwise } = numbers[name]
  if (given === undefined) return otherwise
  if (typeof given !== "number" || !Number.isInteger(given) || given < least || given > most) {
    const range = `${least.toLocaleString("en")} and ${most.toLocaleString("en")}`
    throw invalid(name, `must be an integer between ${range}`, given)
  }
  return given
}

const toKey = (given: unknown): Uint8Array => {
  const key = keyOf(given)
  if (key !== undefined) return key
  throw invalid(
    "encryptionKeys",
    "must hold keys of 32 bytes, as base64 or bytes; `openssl rand -base64 32` makes one",
  )
}

const keysOf = (given: OutboxOptions["encryptionKeys"]): ReadonlyArray<Uint8Array> => {
  const fromEnvironment = process.env["AELYST_OUTBOX_KEY"]
  const keys: EncryptionKeys | undefined =
    typeof given === "function" ? given() : (given ?? fromEnvironment?.split(","))
  if (keys === undefined && typeof given !== "function") return []
  if (!Array.isArray(keys)) throw invalid("encryptionKeys", "must be a list of keys", keys)
  return keys.map(toKey)
}

/** Returns a log that no failure of the app's own one ends. */
const safely =
  (log: (entry: OutboxLogEntry) => void) =>
  (entry: OutboxLogEntry): void => {
    try {
      log(entry)
    } catch {
      // a log changes nothing
    }
  }

const warn = ({ code, message }: OutboxLogEntry): void => {
  process.emitWarning(message, { type: "AelystOutboxWarning", code })
}

/** Checks all options but the client and the place of the rows. */
export const check = (options: OutboxOptions): Settings => {
  if (typeof options !== "object" || options === null) {
    throw invalid("options", "must be an object", options)
  }
  for (const name of Object.keys(options)) {
    if (!names.has(name))
      throw invalid(name, `is not an option; there are ${[...names].join(", ")}`)
  }
  const { create, delivery = "natural-key", log, onEnd } = options
  if (create !== undefined && typeof create !== "boolean") {
    throw invalid("create", "must be true or false", create)
  }
  if (delivery !== "natural-key" && delivery !== "at-most-once") {
    throw invalid("delivery", 'must be "natural-key" or "at-most-once"')
  }
  for (const [name, given] of Object.entries({ log, onEnd })) {
    if (given !== undefined && typeof given !== "function") {
      throw invalid(name, "must be a function", given)
    }
  }
  return {
    concurrency: checkNumber("concurrency", options.concurrency),
    maxPending: checkNumber("maxPending", options.maxPending),
    maxRounds: checkNumber("maxRounds", options.maxRounds),
    leaseMs: checkNumber("leaseMs", options.leaseMs),
    retentionMs: checkNumber("retentionMs", options.retentionMs),
    delivery,
    keys: keysOf(options.encryptionKeys),
    log: safely(log ?? warn),
  }
}
