import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import { assert, describe, it } from "@effect/vitest"

import { commandMatrix } from "./matrix.ts"
import { withOutbox } from "./outboxes.ts"

const key = Buffer.alloc(32, 7).toString("base64")
const people = ["zebedee@example.com", "zoe@example.com"]
const personal = /zebedee|zoe|example\.com/i

describe.concurrent("aelyst outbox", () => {
  it("counts the contacts by state", async () => {
    await using test = await withOutbox(people)
    const { code, stderr, stdout } = await test.outbox(["stats"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    const [oldest, ...rows] = stdout.trimEnd().split("\n").toReversed()
    assert.match(oldest ?? "", /^oldest pending\t\d+s$/)
    assert.deepStrictEqual(rows.toReversed(), [
      "pending\t2",
      "being sent\t0",
      "created\t0",
      "existed\t0",
      "exists_after_doubt\t0",
      "rejected\t0",
      "parked\t0",
    ])
    const json = JSON.parse((await test.outbox(["stats", "--json"])).stdout)
    assert.deepInclude(json, { schemaVersion: 1, ok: true, pending: 2, created: 0, parked: 0 })
    assert.match(json.oldestPendingAt, /^\d{4}-\d\d-\d\dT.*Z$/)
  })

  it("lists contacts, the newest first, without personal data", async () => {
    await using test = await withOutbox([...people, "400@sandbox.test"])
    await test.park()
    const { code, stdout, stderr } = await test.outbox(["list"])
    assert.deepStrictEqual([code, stderr], [0, ""])
    const rows = stdout.trimEnd().split("\n")
    assert.deepStrictEqual(
      rows.map((row) => row.split("\t")[0]),
      test.ids.toReversed(),
    )
    assert.match(
      rows[0] ?? "",
      /^c_\S+\trejected\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t1 request\t\t400\tBadRequestError$/,
    )
    assert.notMatch(stdout, personal)
    const json = await test.outbox(["list", "--state", "created", "--limit", "1", "--json"])
    const { contacts } = JSON.parse(json.stdout)
    assert.lengthOf(contacts, 1)
    assert.deepInclude(contacts[0], { id: test.ids[1], state: "created", attempts: 1 })
    assert.notMatch(json.stdout, personal)
    const none = await test.outbox(["list", "--state", "parked"])
    assert.deepStrictEqual([none.stdout, none.stderr], ["", "there are no parked contacts\n"])
  })

  it("shows a contact only if it is asked to, and only while it is kept", async () => {
    await using test = await withOutbox(people)
    const [id = ""] = test.ids
    const hidden = await test.outbox(["show", id])
    assert.include(hidden.stdout, `id\t${id}\nstate\tpending\n`)
    assert.notMatch(hidden.stdout, personal)
    const shown = await test.outbox(["show", id, "--show-values"])
    assert.include(
      shown.stdout,
      'identifier\temail:zebedee@example.com\ncontact\t{"firstName":"Zebedee","email":"zebedee@example.com"}\n',
    )
    const json = JSON.parse((await test.outbox(["show", id, "--show-values", "--json"])).stdout)
    assert.deepInclude(json, { id, state: "pending", identifier: "email:zebedee@example.com" })
    await test.park()
    const ended = await test.outbox(["show", id, "--show-values"])
    assert.include(ended.stdout, "state\tcreated")
    assert.notMatch(ended.stdout, personal)
    assert.strictEqual(ended.stderr, "the contact is erased: it has ended\n")
  })

  it("decrypts a contact with the key of the app, and says when it has none", async () => {
    await using test = await withOutbox(people, { encryptionKeys: [key] })
    const [id = ""] = test.ids
    const args = ["show", id, "--show-values"]
    const keyed = await test.outbox(args, { AELYST_OUTBOX_KEY: key })
    assert.include(keyed.stdout, "identifier\temail:zebedee@example.com\n")
    const other = Buffer.alloc(32, 8).toString("base64")
    for (const env of [{}, { AELYST_OUTBOX_KEY: other }]) {
      const { code, stdout, stderr } = await test.outbox(args, env)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(
        stderr,
        /^error: the outbox outbox\.db holds contacts that no key decrypts\. They need the key [0-9a-f]{8}\. {2}\[OUTBOX\]\n {2}fix: {3}set AELYST_OUTBOX_KEY/,
      )
    }
    const unsound = await test.outbox(["verify"])
    assert.include(unsound.stdout + unsound.stderr, "contacts need the encryption key ")
    assert.strictEqual((await test.outbox(["verify"], { AELYST_OUTBOX_KEY: key })).code, 0)
    const broken = await test.outbox(args, { AELYST_OUTBOX_KEY: "canary" })
    assert.strictEqual(broken.code, 2)
    assert.include(broken.stderr, "AELYST_OUTBOX_KEY holds no key of 32 bytes as base64")
    assert.notInclude(broken.stderr, "canary")
  })

  it("says that an outbox is sound, or what is wrong with it", async () => {
    await using test = await withOutbox(people)
    const sound = await test.outbox(["verify"])
    assert.deepStrictEqual([sound.code, sound.stdout], [0, "outbox.db is sound\n"])
    const database = new DatabaseSync(test.file)
    database.exec("UPDATE outbox SET attempts = -1 WHERE seq = 1")
    database.close()
    const { code, stderr, stdout } = await test.outbox(["verify"])
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.deepStrictEqual(stderr.trimEnd().split("\n"), [
      "error: the outbox outbox.db is not sound  [OUTBOX]",
      `  ${test.ids[0]}: its columns contradict each other`,
      "  fix:   keep the file, restore a backup, or accept the contacts again",
    ])
  })

  it("makes no outbox of a wrong path, and leaves other files alone", async () => {
    await using test = await withOutbox([])
    const missing = await test.run(["outbox", "stats", "--file", "missing.db"])
    assert.deepStrictEqual(missing.stderr.trimEnd().split("\n"), [
      "error: missing.db does not exist  [OUTBOX]",
      "  fix:   check the path, its permissions and the disk",
    ])
    assert.strictEqual(missing.code, 2)
    assert.isFalse(existsSync(join(test.home.path, "missing.db")))
    writeFileSync(join(test.home.path, "empty.db"), "")
    const empty = await test.run(["outbox", "stats", "--file", "empty.db"])
    assert.include(empty.stderr, "error: empty.db is not an outbox file  [OUTBOX]")
  })

  it("names a contact that is not there, and shows no value that may be an address", async () => {
    await using test = await withOutbox(people)
    const unknown = await test.outbox(["show", "c_none"])
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.stderr, "error: the outbox has no contact c_none; ")
    const wrong = await test.outbox(["show", "zebedee@example.com"])
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.stderr, "invalid value for <id>: expected an id such as c_…")
    assert.notMatch(wrong.stderr, personal)
  })
})

describe.concurrent("aelyst outbox, wherever it runs", () => {
  commandMatrix("outbox", ["pipe", "CI", "process"])
})
