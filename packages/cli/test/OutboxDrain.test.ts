import { assert, describe, it, vi } from "@effect/vitest"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { withOutbox } from "./outboxes.ts"
import { onPosix, start } from "./process.ts"

const people = Array.from({ length: 5 }, (_, n) => `ana${n}@example.com`)
const personal = /zebedee|ana\d|example\.com/i

/** Returns the lines of stderr. */
const withoutTimes = (stderr: string) =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^(Done in|Stopped after) .*? {3}/, "$1 …   "))

const isSlow = ({ path }: { readonly path: string }) => path.includes("slow")

describe.concurrent("aelyst outbox drain", () => {
  it("creates every pending contact once, and says how many", async () => {
    await using test = await withOutbox(people)
    const { code, stderr, stdout } = await test.outbox(["drain"])
    assert.deepStrictEqual([code, stdout], [0, ""])
    assert.deepStrictEqual(withoutTimes(stderr), [
      "outbox 0/5 created=0 already=0 rejected=0 parked=0 pending=5",
      "Done in …   5 contacts = 5 created + 0 already there + 0 rejected",
    ])
    assert.sameMembers(
      [...test.created()],
      people.map((email) => `email:${email}`),
    )
    assert.strictEqual(test.requests(), 5)
    const again = await test.outbox(["drain"])
    assert.deepStrictEqual([again.code, test.requests()], [0, 0])
  })

  it("ends with 9 if some are rejected, and names them by state", async () => {
    await using test = await withOutbox([...people, "400@sandbox.test"])
    const { code, stderr } = await test.outbox(["drain"])
    assert.strictEqual(code, 9)
    assert.deepStrictEqual(withoutTimes(stderr).slice(1), [
      "Done in …   6 contacts = 5 created + 0 already there + 1 rejected",
      "  rejected: aelyst outbox list --state rejected",
    ])
    assert.notMatch(stderr, personal)
  })

  it("ends with 9 if a response was lost and may not be asked for again", async () => {
    await using test = await withOutbox(["drop@sandbox.test"])
    const { code, stderr } = await test.outbox(["drain", "--delivery", "at-most-once"])
    assert.strictEqual(code, 9)
    assert.include(stderr, "1 contact = 0 created + 0 already there + 0 rejected + 1 parked")
    assert.include(stderr, "  parked: may exist; check, then aelyst outbox replay <id>")
    assert.strictEqual(test.requests(), 1)
  })

  it("prints one line of JSON with --json, and nothing else", async () => {
    await using test = await withOutbox([...people, "400@sandbox.test"])
    const { code, stderr, stdout } = await test.outbox(["drain", "--json"])
    assert.deepStrictEqual([code, stderr], [9, ""])
    assert.deepStrictEqual(JSON.parse(stdout), {
      schemaVersion: 1,
      ok: false,
      created: 5,
      existed: 0,
      existsAfterDoubt: 0,
      rejected: 1,
      parked: 0,
      pending: 0,
      exitCode: 9,
    })
  })

  it("stops at a token that Aelyst rejects, with 10, and keeps everything", async () => {
    await using test = await withOutbox(people)
    const { code, stderr } = await test.outbox(["drain"], { AELYST_TOKEN: "sandbox_401" })
    assert.strictEqual(code, 10)
    assert.include(stderr, "  Aelyst rejected the token (401): aelyst auth login")
    assert.include(stderr, "  5 contacts pending; the app or the same command sends them later")
    assert.lengthOf(test.created(), 0)
  })

  it("stops after --stop-after, with 10, and keeps the rest", async () => {
    await using test = await withOutbox(people)
    const down = { AELYST_BASE_URL: `http://127.0.0.1:${await Ports.own()}/v1` }
    const { code, stderr } = await test.outbox(["drain", "--stop-after", "500ms"], down)
    assert.strictEqual(code, 10)
    assert.include(stderr, "  the time of --stop-after has passed")
    assert.include(stderr, "  5 contacts pending; ")
    assert.strictEqual((await test.outbox(["drain"])).code, 0)
    assert.strictEqual(test.requests(), 5)
  })

  it("sends nothing without a token, or with a wrong flag", async () => {
    await using test = await withOutbox(people)
    const none = await test.outbox(["drain"], { AELYST_TOKEN: "" })
    assert.strictEqual(none.code, 4)
    for (const flags of [
      ["--concurrency", "0"],
      ["--stop-after", "soon"],
      ["--progress", "x"],
    ]) {
      const { code, stderr } = await test.outbox(["drain", ...flags])
      assert.strictEqual(code, 2)
      assert.include(stderr, `for ${flags[0]}: expected `)
    }
    assert.strictEqual(test.requests(), 0)
  })

  it("sends nothing without the key of the app, parks nothing, and sends all with it", async () => {
    const key = Buffer.alloc(32, 7).toString("base64")
    await using test = await withOutbox(people.slice(0, 2), { encryptionKeys: [key] })
    const without = await test.outbox(["drain"])
    assert.strictEqual(without.code, 2)
    assert.match(without.stderr, /error: .* no key decrypts\. They need the key [0-9a-f]{8}\./)
    assert.include((await test.outbox(["stats"])).stdout, "pending\t2\n")
    assert.strictEqual(test.requests(), 0)
    const withKey = await test.outbox(["drain"], { AELYST_OUTBOX_KEY: key })
    assert.strictEqual(withKey.code, 0, withKey.stderr)
    assert.lengthOf(test.created(), 2)
  })

  onPosix("ends the requests in flight after Ctrl-C, with 130, and keeps the rest", async () => {
    await using test = await withOutbox(["slow-6s@sandbox.test", ...people])
    const args = ["outbox", "drain", "--file", test.file, "--concurrency", "1"]
    const running = start(args, { env: test.env })
    await vi.waitUntil(() => test.sandbox.requests().some(isSlow), { timeout: 60_000 })
    running.child.kill("SIGINT")
    const { code, stderr } = await running.ended
    assert.strictEqual(code, 130, stderr)
    assert.include(stderr, "Stopping: waiting for the requests in flight …")
    assert.include(stderr, "  it got SIGINT")
    // the slow one was created, and no other was begun after the signal
    const created = test.created().length
    assert.include(stderr, ` = ${created} created + 0 already there + 0 rejected`)
    assert.include(test.created(), "email:slow-6s@sandbox.test")
    assert.strictEqual(test.sandbox.requests().length, created)
    assert.strictEqual((await test.outbox(["drain"])).code, 0)
    for (const { posts } of test.sandbox.ledger()) assert.strictEqual(posts, 1)
    assert.lengthOf(test.created(), 6)
  })
})
