/** Submits one contact many times at once, with one idempotency key, to several processes of an outbox (G7). */
import type { LedgerEntry } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"

import { Fleet } from "./Fleet.ts"

/** How long the contact may take, in milliseconds. */
const longestMs = 60_000

/** The outcome of the submissions, and the ledger of the API. */
export interface OneKeyResult {
  readonly replies: number
  readonly accepted: number
  readonly rejected: ReadonlyArray<string>
  readonly ledger: ReadonlyArray<LedgerEntry>
}

/** Sends so many submissions to four processes, and waits until each is answered and a contact has ended. */
export const submitOneKey = async (
  posts: number,
  rows: { readonly file?: string; readonly url?: string },
): Promise<OneKeyResult> => {
  await using sandbox = await Sandbox.start({ existing: "duplicate", limit: 10_000 })
  await using fleet = new Fleet({
    ...rows,
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    delivery: "natural-key",
    leaseMs: 5_000,
    doubtDelayMs: 1_000,
  })
  const workers = [fleet.start(), fleet.start(), fleet.start(), fleet.start()]
  await Promise.all(workers.map(({ ready }) => ready))
  for (let n = 0; n < posts; n++) {
    const worker = workers[n % workers.length]
    if (worker !== undefined) fleet.send(worker, { accept: "id:once", idempotencyKey: "k-1" })
  }
  const endsAt = performance.now() + longestMs
  while ((fleet.replies < posts || fleet.ended.size === 0) && performance.now() < endsAt) {
    await sleep(50)
  }
  const { accepted, rejected, replies } = fleet
  return { replies, accepted: accepted.size, rejected, ledger: sandbox.ledger() }
}
