/** Judges an outbox by the requests that the server received: the rules hold after any history of kills and pauses. */
import type { OutboxEntry, OutboxState } from "@aelyst/outbox"
import type { Existing, LedgerEntry } from "@aelyst/sandbox"

/** A history to judge. */
export interface History {
  readonly existing: Existing
  /** The identifier of each contact that was reported as accepted, by `id`. */
  readonly accepted: ReadonlyMap<string, string>
  /** Every end that was reported, by `id`. */
  readonly ended: ReadonlyMap<string, ReadonlyArray<OutboxState>>
  readonly entries: ReadonlyArray<OutboxEntry>
  readonly ledger: ReadonlyArray<LedgerEntry>
}

const isThere: ReadonlySet<OutboxState> = new Set(["created", "exists_after_doubt"])

/** Lists the rules that a history breaks. Each identifier was submitted once. */
export const judge = ({
  accepted,
  ended,
  entries,
  existing,
  ledger,
}: History): ReadonlyArray<string> => {
  const broken: Array<string> = []
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const byKey = new Map(ledger.map((entry) => [entry.key, entry]))
  for (const [id, identifier] of accepted) {
    const entry = byId.get(id)
    if (entry === undefined) {
      broken.push(`${id}: accepted and lost`)
      continue
    }
    const { attempts, doubt, state } = entry
    const { created = 0, posts = 0 } = byKey.get(identifier) ?? {}
    if (state === "pending") broken.push(`${id}: has not ended`)
    if (isThere.has(state) && created < 1) broken.push(`${id}: ${state}, and the server has none`)
    if (state === "existed") broken.push(`${id}: existed, although no other program creates any`)
    if (state === "rejected")
      broken.push(`${id}: rejected, although the server rejects nothing new`)
    if (posts > attempts) broken.push(`${id}: ${posts} requests and ${attempts} noted`)
    if (created > 1 && (existing !== "duplicate" || !doubt))
      broken.push(`${id}: created ${created} times`)
    const reported = ended.get(id) ?? []
    if (reported.some((one) => one !== state))
      broken.push(`${id}: reported ${reported.join()}, is ${state}`)
    if (reported.length > 1) broken.push(`${id}: its end was reported ${reported.length} times`)
  }
  return broken
}
