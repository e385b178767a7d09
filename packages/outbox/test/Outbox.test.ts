import { Cipher } from "@aelyst/journal/storage"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { randomUUID } from "node:crypto"
import { EventEmitter, once } from "node:events"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeEach, describe, expect, it } from "vitest"

import type { Outbox, OutboxEnd, OutboxLogEntry, OutboxOptions } from "../src/index.ts"
import { outbox } from "../src/index.ts"
import { newPath } from "./files.ts"

const sandbox = await Sandbox.start({ limit: 10_000 })
const client = new Aelyst({
  baseUrl: sandbox.baseUrl,
  token: sandbox.tokens.ok,
  doubtDelayMs: 1_000,
})
beforeEach(() => sandbox.reset())
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const open = (file: string, options: OutboxOptions = {}): Outbox =>
  outbox({ client, file, log: () => {}, ...options })

/** Opens an outbox whose API is down. */
const openDown = (file: string, options: OutboxOptions = {}) => {
  const down = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: "sandbox_ok" })
  const box = open(file, { client: down, ...options })
  const close = async () => {
    await box.close({ timeoutMs: 0 })
    await down.close()
  }
  return { box, close }
}

const ana = (identifier: `id:${string}` | `email:${string}` = `id:${randomUUID()}`) => ({
  identifier,
  contact: { firstName: "Canary" },
})

/** Everything in the directory of an outbox, as it is on the disk. */
const bytesOf = (file: string): string =>
  readdirSync(dirname(file))
    .map((name) => readFileSync(join(dirname(file), name), "latin1"))
    .join("\n")

describe("outbox", () => {
  it("creates what it has accepted, once each", async () => {
    await using box = open(newPath())
    const accepted = await Promise.all(Array.from({ length: 50 }, () => box.accept(ana())))
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(50)
    expect(await box.drain()).toMatchObject({ pending: 0, created: 50, parked: 0 })
    expect(sandbox.contacts()).toHaveLength(50)
    expect(sandbox.requests()).toHaveLength(50)
    expect(await box.get(accepted[0]?.id ?? "")).toMatchObject({
      state: "created",
      attempts: 1,
      doubt: false,
    })
    expect(await box.verify()).toEqual([])
  })

  it("keeps what it has accepted while the API is down, and creates it later", async () => {
    const file = newPath()
    const { box: before, close } = openDown(file)
    const { id } = await before.accept(ana())
    expect(await before.get(id)).toMatchObject({ state: "pending" })
    await close()
    await using box = open(file)
    expect(await box.drain()).toMatchObject({ created: 1 })
    expect(sandbox.contacts()).toHaveLength(1)
  })

  it("stores nothing that breaks a rule", async () => {
    await using box = open(newPath())
    const refused = box.accept({ identifier: "email:ana@", contact: { firstName: "" } })
    await expect(refused).rejects.toMatchObject({ name: "InvalidContactError" })
    expect(await box.stats()).toMatchObject({ pending: 0 })
  })

  it("accepts a submission with one idempotency key once", async () => {
    await using box = open(newPath())
    const one = ana()
    const all = await Promise.all(
      Array.from({ length: 20 }, () => box.accept(one, { idempotencyKey: "k-1" })),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1)
    await expect(box.accept(ana(), { idempotencyKey: "k-1" })).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_CONFLICT",
    })
    const misspelt = { idempotencykey: "k-2", idempotencyKey: undefined }
    await expect(box.accept(one, misspelt)).rejects.toMatchObject({ code: "ERR_AELYST_CONFIG" })
    await expect(box.accept(one, { idempotencyKey: "" })).rejects.toMatchObject({
      code: "ERR_AELYST_CONFIG",
    })
    await box.drain()
    expect(sandbox.requests()).toHaveLength(1)
  })

  it("sends the submissions of one contact one after the other, in their order", async () => {
    await using box = open(newPath())
    const email = `email:${randomUUID()}@example.com` as const
    const first = await box.accept(ana(email))
    const second = await box.accept(ana(email))
    expect(await box.drain()).toMatchObject({ created: 1, existed: 1 })
    expect(await box.get(first.id)).toMatchObject({ state: "created" })
    expect(await box.get(second.id)).toMatchObject({ state: "existed", status: 400 })
  })

  it("ends what the API rejects, and hands it to onEnd", async () => {
    sandbox.fail({ status: 400, times: 1 })
    const ends: Array<OutboxEnd> = []
    const submission = ana()
    const box = open(newPath(), { onEnd: (end) => void ends.push(end) })
    const { id } = await box.accept(submission)
    expect(await box.drain()).toMatchObject({ rejected: 1 })
    await box.close()
    expect(ends).toMatchObject([{ id, state: "rejected", status: 400, submission }])
  })

  it("says that a token is not accepted, and keeps everything", async () => {
    const lines: Array<OutboxLogEntry> = []
    const wrong = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.unauthorized })
    const file = newPath()
    const box = open(file, { client: wrong, log: (line) => void lines.push(line) })
    await box.accept(ana())
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(lines).toMatchObject([{ level: "error", code: "ERR_AELYST_OUTBOX_TOKEN" }])
    expect(await box.stats()).toMatchObject({ pending: 1 })
    await box.close()
    await wrong.close()
    await using good = open(file)
    expect(await good.drain()).toMatchObject({ created: 1 })
  })

  it("is full at its limit, and says when to retry", async () => {
    const { box, close } = openDown(newPath(), { maxPending: 2 })
    await box.accept(ana())
    await box.accept(ana())
    await expect(box.accept(ana())).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_FULL",
      retryAfterMs: 5_000,
    })
    expect(await box.stats()).toMatchObject({ pending: 2 })
    await close()
  })

  it("shares a file between several outboxes: each contact is sent by one", async () => {
    const file = newPath()
    const boxes = [open(file), open(file), open(file)]
    await Promise.all(boxes.flatMap((box) => Array.from({ length: 20 }, () => box.accept(ana()))))
    expect(await boxes[0]?.drain()).toMatchObject({ created: 60 })
    expect(sandbox.requests()).toHaveLength(60)
    await Promise.all(boxes.map((box) => box.close()))
  })

  it("parks a lost response under at-most-once, and sends it again only when asked", async () => {
    sandbox.fail({ preset: "drop-after", times: 1 })
    await using box = open(newPath(), { delivery: "at-most-once" })
    const { id } = await box.accept(ana())
    expect(await box.drain()).toMatchObject({ parked: 1, created: 0 })
    expect(sandbox.requests()).toHaveLength(1)
    expect(await box.replay(id)).toBe(true)
    expect(await box.drain()).toMatchObject({ parked: 0, existsAfterDoubt: 1 })
    expect(sandbox.contacts()).toHaveLength(1)
    expect(await box.replay(id)).toBe(false)
  })

  it("discards a parked contact, and leaves nothing of it in its files", async () => {
    sandbox.fail({ preset: "drop-after", times: 1 })
    const file = newPath("data/outbox.db")
    const box = open(file, { delivery: "at-most-once" })
    const { id } = await box.accept(ana())
    await box.drain()
    expect(await box.discard(id)).toBe(true)
    expect(await box.get(id)).toMatchObject({ state: "rejected", error: "Discarded" })
    expect(await box.stats()).toMatchObject({ parked: 0, rejected: 1 })
    await box.close()
    expect(bytesOf(file)).not.toMatch(/Canary/)
  })

  it("settles a lost response under natural-key by asking again", async () => {
    sandbox.fail({ preset: "drop-after", times: 1 })
    await using box = open(newPath())
    await box.accept(ana())
    expect(await box.drain()).toMatchObject({ existsAfterDoubt: 1 })
    expect(sandbox.contacts()).toHaveLength(1)
  })

  it("G8: parks a contact that always fails, and sends the others meanwhile", async () => {
    sandbox.fail({ status: 500, match: { identifier: "id:poison" } })
    await using box = open(newPath(), { maxRounds: 1 })
    const { id } = await box.accept(ana("id:poison"))
    await Promise.all(Array.from({ length: 20 }, () => box.accept(ana())))
    expect(await box.drain()).toMatchObject({ parked: 1, created: 20 })
    expect(await box.get(id)).toMatchObject({ state: "parked", doubt: true })
  })

  it("leaves nothing of a contact in its files once that has ended", async () => {
    const file = newPath("data/outbox.db")
    const box = open(file)
    await Promise.all(
      Array.from({ length: 30 }, () =>
        box.accept(ana(), { idempotencyKey: `Canary-key-${randomUUID()}` }),
      ),
    )
    await box.drain()
    await box.close()
    expect(bytesOf(file)).not.toMatch(/Canary/)
  })

  it("leaves nothing readable at any time when a key is given", async () => {
    const file = newPath("data/outbox.db")
    const encryptionKeys = [Buffer.alloc(32, 5)]
    const { box, close } = openDown(file, { encryptionKeys })
    await box.accept(ana())
    expect(bytesOf(file)).not.toMatch(/Canary/)
    await close()
    expect(bytesOf(file)).not.toMatch(/Canary/)
    await using later = open(file, { encryptionKeys })
    expect(await later.drain()).toMatchObject({ created: 1 })
  })

  it("sends what it can read while a key is missing, names the key once, and loses nothing", async () => {
    const file = newPath()
    const right = { encryptionKeys: [Buffer.alloc(32, 5)] }
    const wrong = { encryptionKeys: [Buffer.alloc(32, 6)] }
    const [keyId] = new Cipher(right.encryptionKeys).keyIds
    const { box, close } = openDown(file, right)
    // more than are claimed at a time, and older than all others
    const unreadable = Array.from({ length: 40 }, () => ana())
    await Promise.all(unreadable.map((submission) => box.accept(submission)))
    expect(await box.verify()).toEqual([])
    await close()
    const lines: Array<OutboxLogEntry> = []
    const other = open(file, { ...wrong, log: (line) => void lines.push(line) })
    const readable = Array.from({ length: 20 }, () => ana())
    await Promise.all(readable.map((submission) => other.accept(submission)))
    // it waits for one that cannot be read
    const after = await other.accept({
      identifier: unreadable[0]?.identifier ?? "id:",
      contact: { firstName: "Ana" },
    })
    const missing = {
      code: "ERR_AELYST_OUTBOX_KEY",
      message: expect.stringMatching(new RegExp(`They need the key ${keyId}\\.$`)),
    }
    await expect(other.drain()).rejects.toMatchObject(missing)
    expect(await other.stats()).toMatchObject({ pending: 41, created: 20, parked: 0 })
    expect(await other.get(after.id)).toMatchObject({ state: "pending", attempts: 0 })
    await other.accept(ana())
    await expect(other.drain()).rejects.toMatchObject(missing)
    expect(lines).toMatchObject([missing])
    expect(await other.verify()).toEqual([
      `40 contacts need the encryption key ${keyId}, which is not given`,
    ])
    await other.close()
    expect(sandbox.requests()).toHaveLength(21)
    await using both = open(file, {
      encryptionKeys: [...right.encryptionKeys, ...wrong.encryptionKeys],
    })
    expect(await both.verify()).toEqual([])
    expect(await both.drain()).toMatchObject({ created: 61, existed: 1, pending: 0, parked: 0 })
  })

  it("parks a contact that was changed in the file, says so, and sends the others", async () => {
    const file = newPath()
    const { box, close } = openDown(file)
    const { id } = await box.accept(ana())
    await close()
    const database = new DatabaseSync(file)
    database.exec("UPDATE outbox SET payload = x'007b'")
    database.close()
    const lines: Array<OutboxLogEntry> = []
    await using other = open(file, { log: (line) => void lines.push(line) })
    await other.accept(ana())
    expect(await other.drain()).toMatchObject({ parked: 1, created: 1 })
    expect(lines).toMatchObject([{ code: "ERR_AELYST_OUTBOX_UNREADABLE" }])
    expect(lines[0]?.message).toContain(id)
    await expect(other.reveal(id)).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_UNREADABLE" })
  })

  it("reads phone numbers as those of the client's country", async () => {
    const local = new Aelyst({
      baseUrl: sandbox.baseUrl,
      token: sandbox.tokens.ok,
      defaultCountry: "MY",
    })
    const box = open(newPath(), { client: local })
    const contact = { firstName: "Siti", phone: "012-345 6789" }
    await box.accept({ identifier: "phone:012-345 6789", contact })
    await box.drain()
    expect(sandbox.ledger()).toMatchObject([{ key: "phone:+60123456789", created: 1 }])
    const refused = box.accept({ identifier: "phone:12", contact })
    await expect(refused).rejects.toMatchObject({ name: "InvalidContactError" })
    await box.close()
    await local.close()
  })

  it("reveals a contact until it has ended, to those who have its key", async () => {
    const file = newPath()
    const keys = { encryptionKeys: [Buffer.alloc(32, 5)] }
    const { box, close } = openDown(file, keys)
    const submission = { identifier: "id:revealed", contact: { firstName: "Ana" } } as const
    const { id } = await box.accept(submission)
    await close()
    const reader = outbox({ file, ...keys })
    expect(await reader.reveal(id)).toEqual(submission)
    expect(await reader.reveal("c_none")).toBeUndefined()
    await reader.close()
    const stranger = outbox({ file, encryptionKeys: [Buffer.alloc(32, 6)] })
    await expect(stranger.reveal(id)).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_KEY",
      message: expect.stringContaining("They need the key "),
    })
    await stranger.close()
    await using later = open(file, keys)
    await later.drain()
    expect(await later.reveal(id)).toBeUndefined()
  })

  it("creates no file if it is told not to, and takes one that is there", async () => {
    const file = newPath()
    await using none = outbox({ file, create: false })
    await expect(none.stats()).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_STORE",
      message: expect.stringContaining(`${file} does not exist.`),
    })
    expect(existsSync(file)).toBe(false)
    await using made = outbox({ file })
    await made.stats()
    expect(await none.stats()).toMatchObject({ pending: 0 })
  })

  it("reads an outbox without a client, and sends nothing", async () => {
    const file = newPath()
    const { box, close } = openDown(file)
    await box.accept(ana())
    await close()
    await using reader = outbox({ file })
    expect(await reader.list({ state: "pending" })).toHaveLength(1)
    await expect(reader.accept(ana())).rejects.toMatchObject({
      code: "ERR_AELYST_OUTBOX_NO_CLIENT",
    })
    await expect(reader.drain()).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_NO_CLIENT" })
    expect(sandbox.requests()).toEqual([])
  })

  it("finds a damaged row", async () => {
    const file = newPath()
    const box = open(file)
    const { id } = await box.accept(ana())
    await box.drain()
    await box.close()
    const database = new DatabaseSync(file)
    database.exec("UPDATE outbox SET attempts = -1")
    database.close()
    await using damaged = outbox({ file })
    expect(await damaged.verify()).toEqual([`${id}: its columns contradict each other`])
  })

  it("accepts nothing after close, which may be called twice", async () => {
    const box = open(newPath())
    await box.close()
    await box.close()
    await expect(box.accept(ana())).rejects.toMatchObject({ code: "ERR_AELYST_OUTBOX_CLOSED" })
  })

  it("closes only when onEnd is done, even if it is closed twice", async () => {
    let ended = 0
    const box = open(newPath(), {
      onEnd: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        ended++
      },
    })
    await box.accept(ana())
    await box.drain()
    void box.close()
    await box.close()
    expect(ended).toBe(1)
  })

  it("refuses a time to close that no timer can wait, and stays open", async () => {
    await using box = open(newPath())
    for (const timeoutMs of [Number.POSITIVE_INFINITY, Number.NaN, -1]) {
      await expect(box.close({ timeoutMs })).rejects.toMatchObject({
        code: "ERR_AELYST_CONFIG",
        option: "timeoutMs",
      })
    }
    await box.accept(ana())
    expect(await box.drain()).toMatchObject({ created: 1 })
  })

  it("refuses a list that is too long, and stores what is accepted at the same time", async () => {
    await using box = open(newPath())
    const [listed, accepted] = await Promise.allSettled([
      box.list({ limit: 1e300 }),
      box.accept(ana()),
    ])
    expect(listed).toMatchObject({ status: "rejected", reason: { option: "limit" } })
    expect(accepted.status).toBe("fulfilled")
  })

  it.each(["deleted", "replaced"])(
    "accepts nothing more once its file was %s, and still sends what it held",
    async (how) => {
      const file = newPath("data/outbox.db")
      const server = new EventEmitter()
      const up = once(server, "up")
      const api: typeof fetch = (...request) => up.then(() => fetch(...request))
      await using slow = new Aelyst({
        baseUrl: sandbox.baseUrl,
        token: sandbox.tokens.ok,
        transport: api,
      })
      await using box = open(file, { client: slow })
      await box.accept(ana())
      rmSync(dirname(file), { recursive: true })
      if (how === "replaced") {
        mkdirSync(dirname(file))
        writeFileSync(file, "")
      }
      await expect(box.accept(ana())).rejects.toMatchObject({
        code: "ERR_AELYST_OUTBOX_STORE",
        message: expect.stringMatching(/outbox\.db was deleted or replaced .* restart the app\.$/),
      })
      server.emit("up")
      expect(await box.drain()).toMatchObject({ pending: 0, created: 1 })
      expect(sandbox.contacts()).toHaveLength(1)
    },
  )

  it("ends a drain with the reason of its signal", async () => {
    const { box, close } = openDown(newPath())
    await box.accept(ana())
    const reason = new Error("enough")
    await expect(box.drain({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await close()
  })

  it.each([
    [{}, "`file` must be the path of a file, such as data/outbox.db"],
    [
      { file: ":memory:" },
      "`file` must be a path, not a URL or `:memory:`: contacts are kept on the disk",
    ],
    [
      { file: "file:box?mode=memory" },
      "`file` must be a path, not a URL or `:memory:`: contacts are kept on the disk",
    ],
    [{ file: "x.db", client: 5 }, "`client` must be a client such as `new Aelyst()` (got 5)"],
  ])("refuses the options %j", (options, message) => {
    // safe: the types forbid these options
    const given = options as object
    expect(() => outbox(given)).toThrow(
      expect.objectContaining({ message, code: "ERR_AELYST_CONFIG" }),
    )
  })
})
