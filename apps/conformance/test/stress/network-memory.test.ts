/** The memory that odd responses leave behind, N16 and N17, in a separate process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import * as Children from "../../src/network/Child.ts"
import type { Batches, Size } from "../../src/network/memory-run.ts"
import * as OddResponses from "../../src/network/OddResponses.ts"
import type { Script } from "../../src/network/RawServer.ts"
import * as RawServer from "../../src/network/RawServer.ts"

const { created } = RawServer
const { early, endless, garbage, headed, meaning, ok } = OddResponses
const mega = 2 ** 20

const serve = (script: Script) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script)),
    (server) => Effect.promise(() => server.close()),
  )

/** Runs creates in a separate process; returns how each ended, and the size of the process after each batch. */
const sizesOf = Effect.fnUntraced(function* (input: Batches) {
  const module = new URL("../../src/network/memory-run.ts", import.meta.url)
  const child = yield* Children.start<Size>(module, { input, flags: ["--expose-gc"] })
  return yield* Effect.forEach(input.batches, () => child.next)
}, Effect.scoped)

describe("N16, a response that breaks the protocol", () => {
  it.live("leaves no memory behind, even after many", () =>
    Effect.gen(function* () {
      const all = [...Object.values({ ...garbage, ...headed }), early.repeat(20) + ok]
      const server = yield* serve(async (peer) => {
        for (;;) {
          const { path } = await peer.request()
          const [, n = ""] = /id:odd-(\d+)$/.exec(path) ?? []
          await (n === "" ? peer.respond(200, created) : peer.send(all[Number(n)] ?? ""))
        }
      })
      // a complete response between them keeps the circuit closed
      const rounds = 15
      const batch = Array.from({ length: rounds }, () =>
        all.flatMap((_, n) => [`id:odd-${n}`, "id:even"]),
      ).flat()
      const sizes = yield* sizesOf({
        baseUrl: `${server.origin}/v1`,
        batches: Array.from({ length: 8 }, () => batch),
      })
      for (const { came } of sizes) {
        const counts = new Map<string, number>()
        for (const to of came) counts.set(to, (counts.get(to) ?? 0) + 1)
        assert.deepStrictEqual(Object.fromEntries(counts), {
          OutcomeUnknownError: rounds * Object.keys(garbage).length,
          UnexpectedResponseError: rounds * Object.keys(headed).length,
          created: rounds * (all.length + 1),
        })
      }
      // the first batches include compiled and cached code
      const [, , third] = sizes
      const last = sizes.at(-1)
      assert.isBelow((last?.live ?? Number.NaN) - (third?.live ?? Number.NaN), 0.5 * mega)
    }),
  )
})

describe("N17, a body without end", () => {
  it.live(
    "is not read to its end, uses less than 20 MiB, and does not change the meaning of the status",
    () =>
      Effect.gen(function* () {
        const written: Array<number> = []
        const all = Object.values(endless)
        const server = yield* serve(async (peer) => {
          for (;;) {
            const { path } = await peer.request()
            const [, kind = "", status = ""] = /id:end-(\d+)-(\d+)$/.exec(path) ?? []
            const body = all[Number(kind)]
            if (status === "" || body === undefined) {
              await peer.respond(200, created)
              continue
            }
            void peer.closed.then(() => written.push(peer.socket.bytesWritten))
            await OddResponses.respond(peer, Number(status), body)
          }
        })
        const warm = Array.from({ length: 30 }, () => "id:whole")
        const [first, ...sizes] = yield* sizesOf({
          baseUrl: `${server.origin}/v1`,
          batches: [warm, ...all.map((_, n) => meaning.map(([status]) => `id:end-${n}-${status}`))],
        })
        let before = first?.rss ?? 0
        for (const [n, name] of Object.keys(endless).entries()) {
          const { came, rss, peak } = sizes[n] ?? { came: [], rss: 0, peak: Number.NaN }
          assert.deepStrictEqual(
            came,
            meaning.map(([, to]) => to),
            name,
          )
          assert.isBelow(peak - before, 20 * mega, name)
          before = rss
        }
        // and they do not accumulate
        assert.isBelow(before - (first?.rss ?? 0), 20 * mega)
        assert.strictEqual(server.requests.length, warm.length + all.length * meaning.length)
        // the buffers of both sockets, not memory that we hold
        assert.isBelow(Math.max(...written), 20_000_000)
        assert.isAtLeast(written.length, 4 * meaning.length)
      }),
  )
})
