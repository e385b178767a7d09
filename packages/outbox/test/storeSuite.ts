/** The tests of every store of an outbox. */
import { randomBytes, randomUUID } from "node:crypto"
import { beforeEach, expect, it } from "vitest"

import type { Claim, NewRow, Store } from "../src/Store.ts"

const lease = 5_000

/** Returns a row; rows with one key are of one contact. */
export const newRow = (key: string = randomUUID(), idempotencyKey?: string): NewRow => ({
  id: `c_${randomUUID()}`,
  key,
  idempotencyKey,
  submission: key,
  payload: randomBytes(20),
})

/** Stores over the same rows, and their clock. */
export interface Rows {
  /** Returns one more store. */
  readonly again: () => Store
  /** Moves the clock on. */
  readonly tick: (ms: number) => Promise<void>
}

/** Claims one row, which must be there. */
const claimOne = async (store: Store, owner: string): Promise<Claim> => {
  const [claim] = await store.claim(owner, 1, lease)
  if (claim === undefined) throw new Error("nothing was due")
  return claim
}

/** Declares the tests of a store; `open` returns one without rows, whose clock is at 1,000. */
export const storeSuite = (open: () => Promise<Rows>): void => {
  let store: Store
  let again: Rows["again"]
  let tick: Rows["tick"]
  beforeEach(async () => {
    ;({ again, tick } = await open())
    store = again()
  })

  it("keeps what was added, also for another process", async () => {
    const row = newRow()
    expect(await store.add(row)).toBeUndefined()
    const entry = { id: row.id, state: "pending", acceptedAt: 1_000, attempts: 0, doubt: false }
    expect(await again().get(row.id)).toEqual(entry)
    expect(await store.list("pending", 10)).toEqual([entry])
    expect(await store.stats()).toMatchObject({ pending: 1, claimed: 0, oldestPendingAt: 1_000 })
    expect(await store.pending(9)).toBe(1)
    expect(await store.get("c_none")).toBeUndefined()
    await store.add(newRow())
    expect(await store.pending(1)).toBe(1)
  })

  it("adds an idempotency key once, and says whether it is of the same submission", async () => {
    const row = newRow("a", "k")
    await store.add(row)
    expect(await again().add(newRow("b", "k"))).toEqual({ id: row.id, isSame: false })
    expect(await again().add({ ...row, id: "c_other" })).toEqual({ id: row.id, isSame: true })
    expect(await store.pending(9)).toBe(1)
  })

  it("gives out rows that were accepted and claimed before the clock was set back", async () => {
    await tick(90_000_000)
    await store.add(newRow())
    await store.claim("dead", 1, lease)
    await store.add(newRow())
    await tick(-89_000_000)
    expect(await store.claim("a", 9, lease)).toHaveLength(2)
    expect(await store.claim("b", 9, lease)).toEqual([])
  })

  it("gives out a row that was released while the clock was years ahead", async () => {
    const years = 2 * 365 * 86_400_000
    await store.add(newRow())
    await tick(years)
    const claim = await claimOne(store, "a")
    await store.release(claim, { delayMs: 0, doubt: false, rounds: 0 })
    await tick(1_000 - years)
    expect(await store.claim("a", 1, lease)).toHaveLength(1)
  })

  it("takes a row over that was claimed while the clock was years ahead", async () => {
    const years = 2 * 365 * 86_400_000
    await store.add(newRow())
    await tick(years)
    await store.claim("dead", 1, lease)
    await tick(1_000 - years)
    expect(await store.claim("a", 1, lease)).toHaveLength(1)
  })

  it("gives each row to one owner, the oldest first", async () => {
    const rows = [newRow(), newRow(), newRow()]
    for (const row of rows) await store.add(row)
    const [one, other] = await Promise.all([
      store.claim("a", 2, lease),
      again().claim("b", 2, lease),
    ])
    const ids = [...one, ...other].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const rest = await store.claim("c", 9, lease)
    const all = [...ids, ...rest.map(({ id }) => id)]
    expect(all.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    expect(one.map(({ epoch }) => epoch)).toEqual(one.map(() => 1))
    expect(await store.claim("c", 9, lease)).toEqual([])
  })

  it("gives out a row of a key only when the older one has ended", async () => {
    const rows = [newRow("same"), newRow("same")]
    for (const row of rows) await store.add(row)
    const [claim, ...rest] = await store.claim("a", 9, lease)
    expect(claim?.id).toBe(rows[0]?.id)
    expect(rest).toEqual([])
    expect(await store.claim("a", 9, lease)).toEqual([])
    if (claim !== undefined) await store.end(claim, "created", { lost: false })
    expect(await store.claim("a", 9, lease)).toMatchObject([{ id: rows[1]?.id }])
  })

  it("takes a row over when its lease has ended, in doubt only if a request was noted", async () => {
    await store.add(newRow())
    const before = await claimOne(store, "dead")
    await tick(lease - 1)
    expect(await store.claim("b", 9, lease)).toEqual([])
    await tick(1)
    const taken = await claimOne(store, "b")
    expect(taken).toMatchObject({ id: before.id, epoch: 2, doubt: false })
    expect(await store.intend(taken)).toBe(true)
    await tick(lease)
    expect(await claimOne(store, "c")).toMatchObject({ epoch: 3, doubt: true })
    expect(await store.get(before.id)).toMatchObject({ attempts: 1, doubt: true })
  })

  it("lets an owner that lost its claim write nothing", async () => {
    await store.add(newRow())
    const stale = await claimOne(store, "frozen")
    await tick(lease)
    await claimOne(store, "b")
    expect(await store.intend(stale)).toBe(false)
    expect(await store.end(stale, "created", { lost: false })).toBe(false)
    expect(await store.release(stale, { delayMs: 0, doubt: false, rounds: 0 })).toBe(false)
    expect(await store.get(stale.id)).toMatchObject({ state: "pending" })
  })

  it("extends the leases of an owner", async () => {
    await store.add(newRow())
    await claimOne(store, "a")
    await tick(lease - 1)
    await store.refresh("a", lease)
    await tick(lease - 1)
    expect(await store.claim("b", 1, lease)).toEqual([])
    await tick(1)
    expect(await store.claim("b", 1, lease)).toHaveLength(1)
  })

  it("gives a released row out when it is due, with its doubt and rounds", async () => {
    await store.add(newRow())
    const claim = await claimOne(store, "a")
    await store.intend(claim)
    const error = "OutcomeUnknownError"
    await store.release(claim, { delayMs: 100, doubt: true, rounds: 3, error })
    await tick(99)
    expect(await store.claim("a", 1, lease)).toEqual([])
    expect(await store.get(claim.id)).toMatchObject({ error })
    await tick(1)
    expect(await claimOne(store, "a")).toMatchObject({ doubt: true, rounds: 3, epoch: 2 })
  })

  it("gives back only the claims for which no request was noted", async () => {
    await store.add(newRow())
    await store.add(newRow())
    const [sent, unsent] = await store.claim("a", 2, lease)
    if (sent === undefined || unsent === undefined) throw new Error("two were due")
    await store.intend(sent)
    await store.releaseAll("a")
    expect(await store.claim("b", 9, lease)).toMatchObject([{ id: unsent.id, doubt: false }])
  })

  it.each(["created", "existed", "exists_after_doubt", "rejected"] as const)(
    "erases the payload of a row that is %s",
    async (state) => {
      await store.add(newRow())
      const claim = await claimOne(store, "a")
      await tick(10)
      const how = { status: 400, error: "BadRequestError", lost: false }
      expect(await store.end(claim, state, how)).toBe(true)
      const ended = { state, endedAt: 1_010, status: 400, error: "BadRequestError" }
      expect(await store.get(claim.id)).toMatchObject(ended)
      expect(await store.list(state, 9)).toMatchObject([ended])
      expect(await store.replay(claim.id)).toBe(false)
      expect(await store.pending(9)).toBe(0)
      await tick(9)
      await store.prune(10)
      expect(await store.get(claim.id)).toMatchObject(ended)
      await tick(1)
      await store.prune(10)
      expect(await store.get(claim.id)).toBeUndefined()
    },
  )

  it("keeps a parked row until a person asks to send it again", async () => {
    await store.add(newRow())
    const claim = await claimOne(store, "a")
    await store.intend(claim)
    await store.end(claim, "parked", { lost: true })
    expect(await store.stats()).toMatchObject({ pending: 0, parked: 1 })
    await tick(1_000)
    await store.prune(1)
    expect(await store.claim("a", 9, lease)).toEqual([])
    expect(await store.replay(claim.id)).toBe(true)
    const replayed = await claimOne(store, "a")
    expect(replayed).toMatchObject({ doubt: true, replay: true, rounds: 0 })
    expect(Buffer.from(replayed.payload)).toEqual(Buffer.from(claim.payload))
    // that a person asked holds for one request
    await store.intend(replayed)
    await tick(lease)
    expect(await claimOne(store, "b")).toMatchObject({ doubt: true, replay: false })
  })

  it("returns the payload of a row until it has ended", async () => {
    const row = newRow()
    await store.add(row)
    expect(Buffer.from((await again().payload(row.id)) ?? [])).toEqual(row.payload)
    await store.end(await claimOne(store, "a"), "created", { lost: false })
    expect(await store.payload(row.id)).toBeUndefined()
    expect(await store.payload("c_none")).toBeUndefined()
  })

  it("erases a parked row that a person gives up, and no other", async () => {
    await store.add(newRow())
    const claim = await claimOne(store, "a")
    expect(await store.discard(claim.id)).toBe(false)
    await store.end(claim, "parked", { status: 500, lost: true })
    await tick(10)
    expect(await store.discard(claim.id)).toBe(true)
    expect(await store.payload(claim.id)).toBeUndefined()
    const entry = await store.get(claim.id)
    expect(entry).toMatchObject({ state: "rejected", error: "Discarded", endedAt: 1_010 })
    expect(entry?.status).toBeUndefined()
    expect(await store.discard(claim.id)).toBe(false)
    expect(await store.replay(claim.id)).toBe(false)
  })

  it("claims no row without its key, and knows whether others are left", async () => {
    // as `Cipher` writes it: the id of the key follows the first byte
    const encrypted = (key: string, byte: number): NewRow => ({
      ...newRow(key),
      payload: Buffer.from([1, byte, byte, byte, byte, 0]),
    })
    const rows = [encrypted("a", 0xab), encrypted("b", 0xcd), newRow("c"), newRow("a")]
    for (const row of rows) await store.add(row)
    const without = ["abababab"]
    expect(await store.hasReadable(without)).toBe(true)
    const claims = await store.claim("a", 9, lease, without)
    expect(claims.map(({ id }) => id)).toEqual([rows[1]?.id, rows[2]?.id])
    for (const claim of claims) await store.end(claim, "created", { lost: false })
    // the last one waits for the first one of its key
    expect(await store.hasReadable(without)).toBe(false)
    expect(await store.hasReadable([])).toBe(true)
    expect(await store.claim("a", 9, lease, without)).toEqual([])
    expect(await store.claim("b", 9, lease)).toMatchObject([{ id: rows[0]?.id }])
  })

  it("tells a claim that was lost from the newer one of the same row, also if both are noted at once", async () => {
    for (let n = 0; n < 20; n++) await store.add(newRow())
    const stale = await store.claim("frozen", 10, lease)
    await tick(lease)
    const fresh = await store.claim("b", 20, lease)
    const all = [...stale, ...fresh]
    const noted = await Promise.all(all.map((claim) => store.intend(claim)))
    expect(noted).toEqual([...stale.map(() => false), ...fresh.map(() => true)])
    const ended = await Promise.all(
      all.map((claim) => store.end(claim, "created", { lost: false })),
    )
    expect(ended).toEqual(noted)
    expect(await store.stats()).toMatchObject({ created: 20, pending: 0 })
  })

  it("counts its rows by state, and knows the oldest that has not ended", async () => {
    for (let n = 0; n < 3; n++) {
      await store.add(newRow())
      await tick(10)
    }
    const claim = await claimOne(store, "a")
    await store.end(claim, "created", { lost: false })
    await claimOne(store, "a")
    expect(await store.stats()).toEqual({
      pending: 2,
      claimed: 1,
      created: 1,
      existed: 0,
      existsAfterDoubt: 0,
      rejected: 0,
      parked: 0,
      oldestPendingAt: 1_010,
    })
  })

  it("finds nothing wrong with its own rows", async () => {
    for (let n = 0; n < 5; n++) await store.add(newRow())
    const claims = await store.claim("a", 3, lease)
    for (const claim of claims) await store.intend(claim)
    const [claim] = claims
    if (claim !== undefined) await store.end(claim, "created", { lost: false })
    await store.erase()
    expect(await store.verify()).toEqual([])
  })
}
