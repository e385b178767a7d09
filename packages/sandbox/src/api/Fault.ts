/**
 * Which request is hit by which fault: pure description and matching. How a fault leaves is the doors' business.
 */
import { configError, readFault } from "./Config.ts"
import * as Preset from "./Preset.ts"
import * as Random from "./Random.ts"
import type { Fault, FaultSpec } from "../types.ts"

/** What is looked at to find the fault of a request. */
export interface Subject {
  readonly identifier: string | undefined
  readonly key: string | undefined
  readonly token: string
  /** The `X-Sandbox` header. */
  readonly header: string | undefined
}

/** A fault that hits, and the name under which it is logged. */
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

/** Replaces a preset by what it stands for. Throws a `TypeError` for an unknown one. */
const resolve = (given: FaultSpec): FaultSpec => {
  if (given.preset === undefined) return given
  const found = Preset.parse(given.preset)
  if (found === undefined) throw configError(`Fault: there is no preset ${given.preset}`)
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

/** Says whether a valid contact is created although the fault hits. */
export const commits = (spec: FaultSpec): boolean =>
  spec.commit ?? (spec.raw === undefined && (spec.status === undefined || spec.status < 300))

const fits = ({ match }: FaultSpec, subject: Subject): boolean => {
  if (match?.token !== undefined && match.token !== subject.token) return false
  const wanted = match?.identifier
  if (wanted === undefined) return true
  if (wanted.endsWith("*")) return subject.identifier?.startsWith(wanted.slice(0, -1)) === true
  return wanted === subject.identifier || wanted === subject.key
}

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

  /** Adds a fault; throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for one that makes no sense. */
  add(fault: FaultSpec | string): Fault {
    const given = readFault(typeof fault === "string" ? { preset: fault } : fault)
    const spec = resolve(given)
    const id = this.#nextId++
    const random = Random.make(spec.seed ?? this.#seed + id * 7919)
    const rule: Rule = { id, name: nameOf(spec), given, spec, random, hits: 0 }
    this.#rules.push(rule)
    return describe(rule)
  }

  /** Removes one fault or all; says whether there was one. */
  remove(id?: number): boolean {
    const kept = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== id)
    const removed = kept.length < this.#rules.length
    this.#rules = kept
    return removed
  }

  list(): ReadonlyArray<Fault> {
    return this.#rules.map(describe)
  }

  /** Goes back to the faults from the start, none of them used. */
  reset(): void {
    this.#rules = []
    this.#counted.clear()
    for (const spec of this.#initial) this.add(spec)
  }

  /**
   * Finds the fault of a request and counts it: the header's, else the magic identifier's, else the first rule that fits.
   * Throws a `TypeError` for a header that makes no sense.
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
      if (isSpent(rule) || !fits(rule.spec, subject)) continue
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
