/**
 * Which fault hits which request, and what it makes of the response. Pure description and matching; how a fault is
 * delivered is up to the server.
 */
import { configError, readFault } from "./Config.ts"
import * as Preset from "./Preset.ts"
import * as Random from "./Random.ts"
import * as ApiResponse from "./Response.ts"
import type { Fault, FaultDelivery, FaultSpec } from "../types.ts"

/** The parts of a request that select its fault. */
export interface Subject {
  readonly identifier: string | undefined
  readonly key: string | undefined
  readonly token: string
  /** The `X-Sandbox` header. */
  readonly header: string | undefined
}

/** A fault that hits, and its name in the log. */
export interface Hit {
  readonly name: string
  readonly spec: FaultSpec
}

interface Rule {
  readonly id: number
  readonly name: string
  readonly given: FaultSpec
  readonly spec: FaultSpec
  readonly random: () => number
  hits: number
}

/** A page that responds with 200 to clients that follow the redirect of a fault. */
export const REDIRECT_TRAP = "/v1/redirected"

/** Replaces a preset by its members. Throws a `TypeError` for an unknown one. */
const resolve = (given: FaultSpec): FaultSpec => {
  if (given.preset === undefined) return given
  const found = Preset.parse(given.preset)
  if (found === undefined) throw configError(Preset.unknown(given.preset))
  return { ...found, ...given }
}

/** Names a fault for logs. */
const nameOf = (spec: FaultSpec): string => {
  if (spec.preset !== undefined) return spec.preset
  const parts: Array<string> = []
  if (spec.status !== undefined) parts.push(String(spec.status))
  if (spec.delivery !== undefined) parts.push(spec.delivery)
  if (spec.raw !== undefined) parts.push("raw")
  if (spec.delayMs !== undefined) parts.push(`slow-${spec.delayMs}ms`)
  return parts.length === 0 ? "custom" : parts.join("+")
}

/** Checks whether a valid contact is created although the fault hits. */
export const commits = (spec: FaultSpec): boolean =>
  spec.commit ?? (spec.raw === undefined && (spec.status === undefined || spec.status < 300))

/** Returns how the response is delivered; `undefined` in one piece. */
export const deliveryOf = ({ delivery, raw }: FaultSpec): FaultDelivery | "raw" | undefined =>
  raw === undefined ? delivery : "raw"

const cuts = new Set(["drop", "fin", "stall", "garbage", "raw"])

/** Checks whether no byte of the response leaves. */
export const isCut = (delivery: FaultDelivery | "raw" | undefined): boolean =>
  delivery !== undefined && cuts.has(delivery)

/** Returns the response with the status, headers and body that the fault asks for. */
export const applyFault = (
  normal: ApiResponse.ApiResponse,
  spec: FaultSpec | undefined,
): ApiResponse.ApiResponse => {
  if (spec === undefined) return normal
  const status = spec.status ?? normal.status
  const body =
    spec.body === undefined
      ? spec.status === undefined
        ? normal.body
        : ApiResponse.bodyOf(status)
      : typeof spec.body === "string"
        ? spec.body
        : JSON.stringify(spec.body)
  const headers: Record<string, string> = { ...normal.headers }
  const retryAfter =
    spec.retryAfter === undefined ? (spec.status === 429 ? 1 : null) : spec.retryAfter
  if (retryAfter !== null) headers["retry-after"] = String(retryAfter)
  if (spec.location !== undefined || (status >= 300 && status < 400))
    headers["location"] = spec.location ?? REDIRECT_TRAP
  for (const [name, value] of Object.entries(spec.headers ?? {}))
    headers[name.toLowerCase()] = value
  return { status, headers, body }
}

const matches = ({ match }: FaultSpec, subject: Subject): boolean => {
  if (match?.token !== undefined && match.token !== subject.token) return false
  const wanted = match?.identifier
  if (wanted === undefined) return true
  if (wanted.endsWith("*")) return subject.identifier?.startsWith(wanted.slice(0, -1)) === true
  return wanted === subject.identifier || wanted === subject.key
}

/** The faults that `reset` has removed, and their counts. */
export interface Removed {
  readonly rules: ReadonlyArray<Rule>
  readonly counted: ReadonlyArray<readonly [name: string, hits: number]>
}

/** The active faults, and how often each has hit. */
export class Faults {
  readonly #seed: number
  readonly #initial: ReadonlyArray<FaultSpec>
  #rules: Array<Rule> = []
  /** How often each magic identifier and each header with a count has hit. */
  readonly #counted = new Map<string, number>()
  #nextId = 1

  constructor(seed: number, initial: ReadonlyArray<FaultSpec | string>) {
    this.#seed = seed
    this.#initial = initial.map((fault) => (typeof fault === "string" ? { preset: fault } : fault))
    this.reset()
  }

  /** Adds a fault; throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if it is invalid. */
  add(fault: FaultSpec | string): Fault {
    const given = readFault(typeof fault === "string" ? { preset: fault } : fault)
    const spec = resolve(given)
    const id = this.#nextId++
    const random = Random.make(spec.seed ?? this.#seed + id * 7919)
    const rule: Rule = { id, name: nameOf(spec), given, spec, random, hits: 0 }
    this.#rules.push(rule)
    return describe(rule)
  }

  /** Removes one fault or all; returns whether there was one. */
  remove(id?: number): boolean {
    const kept = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== id)
    const removed = kept.length < this.#rules.length
    this.#rules = kept
    return removed
  }

  /** Lists the active faults in the order in which they were added. */
  list(): ReadonlyArray<Fault> {
    return this.#rules.map(describe)
  }

  /** Goes back to the initial faults, none of them used; returns the former ones. */
  reset(): Removed {
    const removed = { rules: this.#rules, counted: [...this.#counted] }
    this.#rules = []
    this.#counted.clear()
    for (const spec of this.#initial) this.add(spec)
    return removed
  }

  /** Replaces the faults by those that `reset` has returned. */
  restore({ counted, rules }: Removed): void {
    this.#rules = [...rules]
    this.#counted.clear()
    for (const [name, hits] of counted) this.#counted.set(name, hits)
  }

  /**
   * Finds the fault of a request and counts it: the header's, else the magic identifier's, else the first rule that
   * matches. Throws a `TypeError` for an invalid header.
   */
  take(subject: Subject): Hit | undefined {
    if (subject.header !== undefined) {
      const spec = resolve(readFault(Preset.fromHeader(subject.header)))
      if (this.#counts(`header ${subject.header} ${subject.key ?? ""}`, spec))
        return { name: nameOf(spec), spec }
    }
    if (subject.key !== undefined) {
      const spec = Preset.fromIdentifier(subject.key)
      if (spec !== undefined && this.#counts(subject.key, spec)) return { name: nameOf(spec), spec }
    }
    for (const rule of this.#rules) {
      if (isSpent(rule) || !matches(rule.spec, subject)) continue
      if (rule.spec.probability !== undefined && rule.random() >= rule.spec.probability) continue
      rule.hits++
      return { name: rule.name, spec: rule.spec }
    }
    return undefined
  }

  #counts(name: string, { probability, times }: FaultSpec): boolean {
    const hits = this.#counted.get(name) ?? 0
    if (times !== undefined && hits >= times) return false
    if (times !== undefined || probability !== undefined) this.#counted.set(name, hits + 1)
    return probability === undefined || Random.make(this.#seed + hits * 7919)() < probability
  }
}

const isSpent = (rule: Rule): boolean =>
  rule.spec.times !== undefined && rule.hits >= rule.spec.times

const describe = ({ given, hits, id, name, spec }: Rule): Fault => ({
  id,
  name,
  spec: given,
  hits,
  ...(spec.times !== undefined && { left: Math.max(0, spec.times - hits) }),
})
