/** What every store of an outbox must do; run over each of them. */
import { randomBytes, randomUUID } from "node:crypto"
import { beforeEach, expect, it } from "vitest"

import type { Claim, NewRow, Store } from "../src/Store.ts"

const lease = 5_000

/** Returns a row; rows with one key are of one contact. */
export const newRow = (key: string = randomUUID(), idempotency?: string): NewRow => ({
  id: `c_${randomUUID()}`,
  key: Buffer.from(key),
  idempotency: idempotency === undefined ? null : Buffer.from(idempotency),
  fingerprint: Buffer.from(key),
  payload: randomBytes(20),
})

/** Claims one row, which must be there. */
const claimOne = async (store: Store, owner: string, now: number): Promise<Claim> => {
  const [claim] = await store.claim(owner, 1, now, lease)
  if (claim === undefined) throw new Error("nothing was due")
  return claim
}

/** Declares the tests of a store; `open` returns one over the same rows each time within a test. */
export const storeSuite = (open: () => Promise<{ readonly again: () => Store }>): void => {
  let store: Store
  let again: () => Store
  beforeEach(async () => {
    ;({ again } = await open())
    store = again()
  })

  it("keeps one salt", async () => {
    const salt = await store.salt()
    expect(salt).toHaveLength(32)
    expect(await again().salt()).toEqual(salt)
  })

  it("keeps what was added, also for another process", async () => {
    const row = newRow()
    expect(await store.add(row, 1_000)).toBeUndefined()
    const entry = { id: row.id, state: "pending", acceptedAt: 1_000, attempts: 0, doubt: false }
    expect(await again().get(row.id)).toEqual(entry)
    expect(await store.list("pending", 10)).toEqual([entry])
    expect(await store.stats()).toMatchObject({ pending: 1, claimed: 0, oldestPendingAt: 1_000 })
    expect(await store.pending()).toBe(1)
    expect(await store.get("c_none")).toBeUndefined()
  })

  it("adds an idempotency key once", async () => {
    const row = newRow("a", "k")
    await store.add(row, 1)
    const known = await again().add(newRow("b", "k"), 2)
    expect(known?.id).toBe(row.id)
    expect(Buffer.from(known?.fingerprint ?? [])).toEqual(row.fingerprint)
    expect(await store.pending()).toBe(1)
  })

  it("gives each row to one owner, the oldest first", async () => {
    const rows = [newRow(), newRow(), newRow()]
    for (const [at, row] of rows.entries()) await store.add(row, at)
    const [one, other] = await Promise.all([
      store.claim("a", 2, 10, lease),
      again().claim("b", 2, 10, lease),
    ])
    const ids = [...one, ...other].map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
    expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    expect(one.map(({ epoch }) => epoch)).toEqual(one.map(() => 1))
    expect(await store.claim("c", 9, 10, lease)).toEqual([])
  })

  it("gives out a row of a key only when the older one has ended", async () => {
    const rows = [newRow("same"), newRow("same")]
    for (const row of rows) await store.add(row, 0)
    const [claim, ...rest] = await store.claim("a", 9, 10, lease)
    expect(claim?.id).toBe(rows[0]?.id)
    expect(rest).toEqual([])
    expect(await store.claim("a", 9, 10, lease)).toEqual([])
    if (claim !== undefined) await store.end(claim, "created", {}, 20)
    expect(await store.claim("a", 9, 30, lease)).toMatchObject([{ id: rows[1]?.id }])
  })

  it("takes a row over when its lease has ended, in doubt only if a request was noted", async () => {
    await store.add(newRow(), 0)
    const before = await claimOne(store, "dead", 10)
    expect(await store.claim("b", 9, 10 + lease - 1, lease)).toEqual([])
    const taken = await claimOne(store, "b", 10 + lease)
    expect(taken).toMatchObject({ id: before.id, epoch: 2, doubt: false })
    expect(await store.intend(taken, 20)).toBe(true)
    const doubted = await claimOne(store, "c", 10 + 2 * lease)
    expect(doubted).toMatchObject({ epoch: 3, doubt: true })
    expect(await store.get(before.id)).toMatchObject({ attempts: 1, doubt: true })
  })

  it("lets an owner that lost its claim write nothing", async () => {
    await store.add(newRow(), 0)
    const stale = await claimOne(store, "frozen", 10)
    await claimOne(store, "b", 10 + lease)
    expect(await store.intend(stale, 20)).toBe(false)
    expect(await store.end(stale, "created", {}, 20)).toBe(false)
    const released = { dueAt: 0, doubt: false, rounds: 0 }
    expect(await store.release(stale, released)).toBe(false)
    expect(await store.get(stale.id)).toMatchObject({ state: "pending" })
  })

  it("extends the leases of an owner", async () => {
    await store.add(newRow(), 0)
    await claimOne(store, "a", 10)
    await store.refresh("a", 50_000)
    expect(await store.claim("b", 1, 49_999, lease)).toEqual([])
    expect(await store.claim("b", 1, 50_000, lease)).toHaveLength(1)
  })

  it("gives a released row out when it is due, with its doubt and rounds", async () => {
    await store.add(newRow(), 0)
    const claim = await claimOne(store, "a", 10)
    await store.intend(claim, 11)
    await store.release(claim, { dueAt: 100, doubt: true, rounds: 3, error: "OutcomeUnknownError" })
    expect(await store.claim("a", 1, 99, lease)).toEqual([])
    expect(await store.get(claim.id)).toMatchObject({ error: "OutcomeUnknownError" })
    expect(await claimOne(store, "a", 100)).toMatchObject({ doubt: true, rounds: 3, epoch: 2 })
  })

  it("gives back only the claims for which no request was noted", async () => {
    await store.add(newRow(), 0)
    await store.add(newRow(), 1)
    const claims = await store.claim("a", 2, 10, lease)
    const [sent, unsent] = claims
    if (sent === undefined || unsent === undefined) throw new Error("two were due")
    await store.intend(sent, 11)
    await store.releaseAll("a", 12)
    expect(await store.claim("b", 9, 12, lease)).toMatchObject([{ id: unsent.id, doubt: false }])
  })

  it.each(["created", "existed", "exists_after_doubt", "rejected"] as const)(
    "erases the payload of a row that is %s",
    async (state) => {
      await store.add(newRow(), 0)
      const claim = await claimOne(store, "a", 10)
      expect(await store.end(claim, state, { status: 400, error: "BadRequestError" }, 20)).toBe(
        true,
      )
      const ended = { state, endedAt: 20, status: 400, error: "BadRequestError" }
      expect(await store.get(claim.id)).toMatchObject(ended)
      expect(await store.list(state, 9)).toMatchObject([ended])
      expect(await store.replay(claim.id, 30)).toBe(false)
      expect(await store.pending()).toBe(0)
      await store.prune(21)
      expect(await store.get(claim.id)).toBeUndefined()
    },
  )

  it("keeps a parked row until a person asks to send it again", async () => {
    await store.add(newRow(), 0)
    const claim = await claimOne(store, "a", 10)
    await store.intend(claim, 11)
    await store.end(claim, "parked", { lost: true }, 20)
    expect(await store.stats()).toMatchObject({ pending: 0, parked: 1 })
    await store.prune(1_000)
    expect(await store.claim("a", 9, 1_000, lease)).toEqual([])
    expect(await store.replay(claim.id, 1_000)).toBe(true)
    const replayed = await claimOne(store, "a", 1_000)
    expect(replayed).toMatchObject({ doubt: true, replay: true, rounds: 0 })
    expect(Buffer.from(replayed.payload)).toEqual(Buffer.from(claim.payload))
    // that a person asked holds for one request
    await store.intend(replayed, 1_001)
    expect(await claimOne(store, "b", 1_000 + lease)).toMatchObject({ doubt: true, replay: false })
  })

  it("finds nothing wrong with its own rows", async () => {
    for (let at = 0; at < 5; at++) await store.add(newRow(), at)
    const claims = await store.claim("a", 3, 10, lease)
    for (const claim of claims) await store.intend(claim, 11)
    const [claim] = claims
    if (claim !== undefined) await store.end(claim, "created", {}, 20)
    await store.erase()
    expect(await store.verify()).toEqual([])
  })
}
