import { layer } from "@aelyst/core"
import { StoredRows, work } from "@aelyst/workflow"
import { Clock, Deferred, Effect, Layer, Logger, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { describe, expect, it } from "vitest"

import { Connections, Database } from "../src/scaling/Database.ts"
import { SimulatedImport, account } from "../src/scaling/SimulatedRuns.ts"
import { VirtualTime } from "../src/scaling/VirtualTime.ts"

const minute = 60_000
/** Times of statements: they do not matter here. */
const journal = { find: 1, claimable: 1, claim: 1, lookup: 1, payloads: 1, release: 1 }
const service = { processors: 2, ms: { ...journal, limit: 1, intent: 1, outcome: 1, progress: 1 } }

/** The responses of an API, at a time in milliseconds. */
type Api = (at: number) => Response

const created: Api = () => Response.json({ code: "200", message: "Contact added successfully!" })

/** Responds with 429 until a time. */
const closedUntil =
  (end: number): Api =>
  (at) => {
    if (at >= end) return created(at)
    const headers = { "retry-after": String(Math.ceil((end - at) / 1_000)) }
    return Response.json({ code: 429 }, { status: 429, headers })
  }

/** Runs a worker of one import in virtual time; returns the minutes of its alarms, and how many rows had ended. */
const alarms = async (api: Api, minutes: number) => {
  using time = new VirtualTime(1)
  const shared = new SimulatedImport(time, 2)
  const http = HttpClient.make((request) =>
    Effect.promise(async () => {
      await time.sleep(30)
      return HttpClientResponse.fromWeb(request, api(time.now))
    }),
  )
  const given: Array<number> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    if (/no row of r_1 has ended/.test(String(message))) given.push(Math.floor(time.now / minute))
  })
  const services = shared.servicesOf(new Connections(new Database(time, 1, service), 8))
  const client = Layer.provide(
    layer({ token: Redacted.make("simulated") }),
    Layer.succeed(HttpClient.HttpClient, http),
  )
  const live = Layer.mergeAll(client, StoredRows.layer, Logger.layer([logger])).pipe(
    Layer.provideMerge(Layer.succeedContext(services)),
  )
  const stop = Deferred.makeUnsafe<void>()
  let isOver = false
  const working = Effect.runPromise(
    work({ ...account, stop: Deferred.await(stop) }).pipe(
      Effect.provide(live),
      Effect.provideService(Clock.Clock, time.clock),
    ),
    { scheduler: time.scheduler },
  ).finally(() => {
    isOver = true
  })
  await time.until(minutes * minute)
  const { ended } = shared
  Effect.runSync(Deferred.succeed(stop, undefined))
  await time.until(time.now + 60 * minute, () => isOver)
  await working
  return { given, ended }
}

describe("the alarm of a worker", { timeout: 120_000 }, () => {
  it("is given if no row ends for five minutes and nothing asks to wait", async () => {
    const { ended, given } = await alarms(() => new Response("", { status: 500 }), 8)
    expect(given[0]).toBe(5)
    expect(ended).toBe(0)
  })

  it("is not given while the API asks to wait, and not as soon as the wait is over", async () => {
    const { ended, given } = await alarms(closedUntil(12 * minute), 14)
    expect(given).toEqual([])
    expect(ended).toBeGreaterThan(0)
  })

  it("is not given while the API asks for a longer wait than the worker waits", async () => {
    expect(await alarms(closedUntil(60 * minute), 7)).toEqual({ given: [], ended: 0 })
  })
})
