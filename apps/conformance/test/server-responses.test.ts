/**
 * Faults of single responses: S3, S4, S6 and S7, over real sockets. The server's ledger shows which requests arrived, and
 * existing contacts are treated in each of the sandbox's ways.
 */
import type { Delivery, RowResult, RunSummary } from "@aelyst/core"
import { AelystClient, createMany } from "@aelyst/core"
import type { Existing, LedgerEntry, SandboxOptions } from "@aelyst/sandbox"
import { Sandbox } from "@aelyst/sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

import * as Creating from "../src/network/Creating.ts"
import type { Peer, Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"
import { rowsOf } from "../src/server/Virtual.ts"

const { created } = RawServer
const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]
const treatments: ReadonlyArray<Existing> = [
  "reject",
  "reject=403",
  "reject=409",
  "reject=object",
  "merge",
  "duplicate",
]

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

const sandboxOf = (options: SandboxOptions) =>
  Effect.acquireRelease(
    Effect.promise(() => Sandbox.start({ limit: 10_000, ...options })),
    (sandbox) => Effect.promise(() => sandbox.close()),
  )

const play = (
  sandbox: Sandbox,
  delivery: Delivery,
  count: number,
): Effect.Effect<{
  readonly summary: RunSummary
  readonly rows: ReadonlyArray<{ readonly row: RowResult; readonly entry: LedgerEntry | undefined }>
}> =>
  Effect.gen(function* () {
    const client = yield* Creating.make(sandbox.baseUrl)
    const run = yield* createMany(Stream.fromIterable(rowsOf(count)), {
      delivery,
      ordered: true,
    }).pipe(Effect.provideService(AelystClient, client.service))
    const results = yield* Stream.runCollect(run.results)
    const ledger = new Map(sandbox.ledger().map((entry) => [entry.key, entry]))
    return {
      summary: yield* run.summary,
      rows: results.map((row) => ({ row, entry: ledger.get(`id:${row.index}`) })),
    }
  }).pipe(Effect.scoped)

/** Returns whether a row fails: every fifth one, so that the responses between keep the circuit closed. */
const failing = (n: number) => n % 5 === 0

describe("S3, a 500 in a run", () => {
  const count = 40

  for (const existing of treatments) {
    for (const after of [false, true]) {
      for (const delivery of policies) {
        const does =
          delivery === "at-most-once"
            ? "is not sent again"
            : existing === "duplicate" && after
              ? "creates a second contact if identifiers are not unique"
              : "ends with one contact"
        // a 403 may not mean that the contact exists
        const exists = existing === "reject=403" ? "unknown" : "exists_after_doubt"
        it.live(
          `S3: ${after ? "after" : "before"} the commit, ${does} (${delivery}, ${existing})`,
          () =>
            Effect.gen(function* () {
              const sandbox = yield* sandboxOf({ existing })
              for (const [n, { identifier }] of rowsOf(count).entries()) {
                if (!failing(n)) continue
                sandbox.fail({ status: 500, commit: after, times: 1, match: { identifier } })
              }
              const { rows, summary } = yield* play(sandbox, delivery, count)
              assert.deepInclude(summary, { total: count, stopped: "completed" })
              for (const { row, entry } of rows) {
                const {
                  posts,
                  merged,
                  created: made,
                } = entry ?? { posts: 0, merged: 0, created: 0 }
                const came = { state: row.outcome, posts, made, merged }
                if (!failing(row.index)) {
                  assert.deepStrictEqual(came, { state: "created", posts: 1, made: 1, merged: 0 })
                } else if (delivery === "at-most-once") {
                  const made1 = after ? 1 : 0
                  assert.deepStrictEqual(came, {
                    state: "unknown",
                    posts: 1,
                    made: made1,
                    merged: 0,
                  })
                  assert(row.outcome === "unknown")
                  assert.strictEqual(row.error._tag, "InternalServerError")
                } else {
                  assert.deepStrictEqual(came, {
                    state: after && existing.startsWith("reject") ? exists : "created",
                    posts: 2,
                    made: after && existing === "duplicate" ? 2 : 1,
                    merged: after && existing === "merge" ? 1 : 0,
                  })
                }
              }
            }),
        )
      }
    }
  }
})

const page = "<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
const head = (status: number, type: string, length: number) =>
  `HTTP/1.1 ${status} No\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`
const complete = (status: number, body: string | Buffer, type = "application/json") =>
  Buffer.concat([
    Buffer.from(head(status, type, Buffer.byteLength(body))),
    Buffer.isBuffer(body) ? body : Buffer.from(body),
  ])

const bodies: Record<string, (status: number) => Buffer> = {
  "a page of HTML": (status) => complete(status, page, "text/html"),
  "an empty body": (status) => complete(status, ""),
  null: (status) => complete(status, "null"),
  "a string": (status) => complete(status, '"x"'),
  "an empty list": (status) => complete(status, "[]"),
  "a body that says 200": (status) => complete(status, JSON.stringify(created)),
  "10 MB": (status) => complete(status, Buffer.alloc(10_000_000, 0x20)),
  "10 MB of nested lists": (status) => complete(status, Buffer.alloc(10_000_000, 0x5b)),
  "a charset that is not its own": (status) =>
    complete(status, Buffer.from("ungültig, é", "latin1"), "application/json; charset=utf-8"),
  "a charset that does not exist": (status) =>
    complete(status, '{"message":"x"}', "application/json; charset=klingon-9"),
  "UTF-16": (status) => complete(status, Buffer.from("\uFEFF{}", "utf16le")),
  "a byte order mark": (status) => complete(status, '\uFEFF{"code":500,"message":"x"}'),
}

describe("S4, a 502, 503 or 504 with an odd body", () => {
  for (const delivery of policies) {
    for (const [name, bytes] of Object.entries(bodies)) {
      it.live(`S4: is a server error by its status, with ${name} (${delivery})`, () =>
        Effect.gen(function* () {
          for (const status of [502, 503, 504]) {
            const server = yield* serve(async (peer) => {
              for (let n = 0; ; n++) {
                await peer.request()
                // a body that is not read to its end ends its connection
                if (peer.index === 0 && n === 0) await peer.send(bytes(status))
                else await peer.respond(200, created)
              }
            })
            const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
            const came = yield* client.create(ana)
            const [first] = came.attempts
            assert.strictEqual(first?.status, status)
            if (delivery === "natural-key") {
              assert.strictEqual(came.to, "created")
              assert.strictEqual(server.requests.length, 2)
            } else {
              const { error } = came
              assert(error?._tag === "InternalServerError")
              assert.strictEqual(error.status, status)
              assert.strictEqual(error.outcome, "unknown")
              assert.strictEqual(server.requests.length, 1)
            }
          }
        }),
      )
    }
  }

  it.live("S4: does not stop a run that gets all of them", () =>
    Effect.gen(function* () {
      const odd = Object.values(bodies)
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const n = Number(path.slice(path.lastIndexOf(":") + 1))
          // every other row, which keeps the circuit closed
          const bytes = n % 2 === 0 ? undefined : odd[(n - 1) / 2]
          await (bytes === undefined ? peer.respond(200, created) : peer.send(bytes(503)))
        }
      })
      const client = yield* Creating.make(`${server.origin}/v1`)
      const run = yield* createMany(Stream.fromIterable(rowsOf(2 * odd.length)), {
        concurrency: 1,
      }).pipe(Effect.provideService(AelystClient, client.service))
      yield* Stream.runDrain(run.results)
      assert.deepInclude(yield* run.summary, {
        created: odd.length,
        unknown: odd.length,
        stopped: "completed",
      })
      assert.strictEqual(server.requests.length, 2 * odd.length)
    }),
  )
})

describe("S6, code and message in other forms", () => {
  const successes: ReadonlyArray<readonly [string, unknown, string]> = [
    ['code "200" (W5)', { code: "200", message: "Contact added" }, "Contact added"],
    ["code 200", { code: 200, message: "Contact added" }, "Contact added"],
    ["no code", { message: "Contact added" }, "Contact added"],
    ["no message", { code: "200" }, ""],
    [
      "a message that is an object",
      { code: 200, message: { text: ["Contact", "added"] } },
      "Contact added",
    ],
    ["neither", {}, ""],
  ]
  for (const delivery of policies) {
    for (const [name, body, message] of successes) {
      it.live(`S6: counts a 200 with ${name} as created (${delivery})`, () =>
        Effect.gen(function* () {
          const server = yield* serve(async (peer) => {
            await peer.request()
            await peer.respond(200, body)
          })
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          const result = yield* client.service.create(ana, { firstName: "Ana" })
          assert.deepInclude(result, { result: "created", status: 200, message })
          assert.strictEqual(server.requests.length, 1)
        }),
      )
    }

    const contradictions: Record<string, unknown> = {
      "code 400": { code: 400, message: "Validation error." },
      'code "500"': { code: "500" },
      "success false": { success: false },
    }
    for (const [name, body] of Object.entries(contradictions)) {
      it.live(`S6: rejects a 200 with ${name} as a contradiction (${delivery})`, () =>
        Effect.gen(function* () {
          const server = yield* serve(async (peer) => {
            for (;;) {
              await peer.request()
              await peer.respond(200, body)
            }
          })
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          const { error, outcome } = yield* client.create(ana)
          assert.strictEqual(outcome, "unknown")
          const last = error?._tag === "OutcomeUnknownError" ? error.last : error
          assert(last?._tag === "UnexpectedResponseError")
          assert.strictEqual(last.reason, "contradiction")
          assert.strictEqual(server.requests.length, delivery === "at-most-once" ? 1 : 2)
        }),
      )
    }
  }

  const failures: ReadonlyArray<readonly [string, number, unknown, string, string | undefined]> = [
    ["a code in quotes", 400, { code: "400", message: "no" }, "BadRequestError", "no"],
    ["no code and no message", 400, {}, "BadRequestError", undefined],
    ["a code that says 200", 400, { code: "200", message: "no" }, "BadRequestError", "no"],
    [
      "an object as message",
      400,
      { message: { a: ["no", { b: "way" }] } },
      "BadRequestError",
      "no way",
    ],
    ["an empty object as message", 401, { message: {} }, "AuthenticationError", undefined],
    ["a code in quotes", 429, { code: "429" }, "RateLimitError", undefined],
    ["an object as message", 500, { message: { text: "no" } }, "InternalServerError", "no"],
    ["no message", 500, { code: 500 }, "InternalServerError", undefined],
  ]
  for (const [name, status, body, tag, words] of failures) {
    it.live(`S6: maps a ${status} with ${name} to ${tag} and keeps its message`, () =>
      Effect.gen(function* () {
        const server = yield* serve(async (peer) => {
          await peer.request()
          await peer.respond(status, body)
        })
        const client = yield* Creating.make(`${server.origin}/v1`, { retries: 0 })
        const { error } = yield* client.create(ana)
        assert.strictEqual(error?._tag, tag)
        assert.strictEqual(Reflect.get(error ?? {}, "apiMessage"), words)
        assert.strictEqual(server.requests.length, 1)
      }),
    )
  }
})

const keyOf = (path: string) => path.slice(path.lastIndexOf("/") + 1)

describe("S7, responses out of order", () => {
  const count = 64
  /** Holds all responses until every request has arrived, then sends them in reverse order. */
  const backwards = (respond: (peer: Peer, n: number, firstName: string) => Promise<void>) => {
    const held: Array<() => Promise<void>> = []
    let arrived = 0
    const script: Script = async (peer) => {
      for (;;) {
        const { path, body } = await peer.request()
        arrived += 1
        // safe: the client sent this body
        const { firstName } = JSON.parse(body) as { readonly firstName: string }
        const n = Number(keyOf(path).slice(3))
        held.push(() => respond(peer, n, firstName))
        // the client sends the first request on its own, to learn the limit
        if (arrived === 1 || arrived === count) {
          for (const reply of held.splice(0).toReversed()) {
            await reply()
            await new Promise<void>((resolve) => setImmediate(resolve))
          }
        }
      }
    }
    return script
  }

  for (const delivery of policies) {
    it.live(`S7: matches each of ${count} rows to the response for its payload (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(
          backwards((peer, n, firstName) =>
            n % 4 === 3
              ? peer.respond(400, { code: 400, message: `rejected ${firstName}` })
              : peer.respond(200, { code: "200", message: `created ${firstName}` }),
          ),
        )
        const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
        const run = yield* createMany(Stream.fromIterable(rowsOf(count)), {
          concurrency: count,
        }).pipe(Effect.provideService(AelystClient, client.service))
        const results = yield* Stream.runCollect(run.results)
        // checks that they arrived out of order
        const order = results.map(({ index }) => index)
        assert.notDeepEqual(
          order,
          order.toSorted((a, b) => a - b),
        )
        assert.strictEqual(results.length, count)
        for (const row of results) {
          const said = "value" in row ? row.value.message : Reflect.get(row.error, "apiMessage")
          const { index } = row
          assert.strictEqual(row.outcome, index % 4 === 3 ? "rejected" : "created")
          assert.strictEqual(said, `${index % 4 === 3 ? "rejected" : "created"} Ana ${index}`)
        }
        for (const { path, body } of server.requests) {
          assert.deepStrictEqual(JSON.parse(body), { firstName: `Ana ${keyOf(path).slice(3)}` })
        }
        assert.strictEqual(server.requests.length, count)
      }),
    )
  }

  for (const delivery of policies) {
    it.live(`S7: keeps slow, fast, lost and rejected rows apart in the ledger (${delivery})`, () =>
      Effect.gen(function* () {
        const sandbox = yield* sandboxOf({ latencyMs: [0, 60] })
        // 16 of them are resent, within the retry budget
        const rows = 64
        const faults: Record<number, string> = { 1: "400", 2: "drop-after-x1", 3: "500-before-x1" }
        for (const [n, { identifier }] of rowsOf(rows).entries()) {
          const preset = n % 2 === 0 ? undefined : faults[((n % 8) >> 1) + 1]
          if (preset !== undefined) sandbox.fail({ preset, match: { identifier } })
        }
        const { rows: played, summary } = yield* play(sandbox, delivery, rows)
        assert.strictEqual(summary.total, rows)
        const again = delivery === "natural-key"
        for (const { row, entry } of played) {
          const which = row.index % 2 === 0 ? 0 : ((row.index % 8) >> 1) + 1
          const expected: ReadonlyArray<readonly [string, posts: number, made: number]> = [
            ["created", 1, 1],
            ["rejected", 1, 0],
            again ? ["exists_after_doubt", 2, 1] : ["unknown", 1, 1],
            again ? ["created", 2, 1] : ["unknown", 1, 0],
            ["created", 1, 1],
          ]
          assert.deepStrictEqual(
            [row.outcome, entry?.posts ?? 0, entry?.created ?? 0],
            expected[which],
            `row ${row.index}`,
          )
        }
        for (const contact of sandbox.contacts()) {
          assert.strictEqual(contact.firstName, `Ana ${contact.key.slice(3)}`)
        }
      }),
    )
  }
})
