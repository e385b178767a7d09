/** A process with a worker of imports. SIGTERM stops it in order. It says when it works, how it ended, and its memory. */
import { layer } from "@aelyst/core"
import { layerTransport } from "@aelyst/node/effect"
import { PostgresRuns } from "@aelyst/journal/postgres"
import { Database, SharedPace, StoredRows, work } from "@aelyst/workflow"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"

import { input } from "../network/Child.ts"
import { controlled } from "./Controls.ts"
import type { FromWorker, WorkerSettings } from "./Fleet.ts"
import { tokenClass } from "./Plan.ts"

const { baseUrl, concurrency, control, doubtDelayMs, leaseMs, token, url } = input<WorkerSettings>()
const say = (message: FromWorker) => void process.send?.(message)

const live = Layer.mergeAll(
  controlled(control),
  StoredRows.layer,
  layer({ baseUrl, token: Redacted.make(token), doubtDelay: doubtDelayMs }).pipe(
    Layer.provide(layerTransport({ baseUrl })),
    Layer.provide(SharedPace.layer({ url: Redacted.make(url) })),
  ),
).pipe(
  Layer.provideMerge(PostgresRuns.layer()),
  Layer.provideMerge(Database.layer({ url: Redacted.make(url) })),
  // databases are killed: the warnings are expected
  Layer.provideMerge(Logger.layer([])),
)

const stop = Deferred.makeUnsafe<void>()
process.on("SIGTERM", () => Effect.runSync(Deferred.succeed(stop, undefined)))
const watching = setInterval(() => say({ rssMb: process.memoryUsage.rss() / 1e6 }), 500)
say({ ready: true })
const end = await Effect.runPromise(
  Effect.provide(
    work({
      origin: new URL(baseUrl).origin,
      tokenClass,
      leaseMs,
      concurrency,
      pollMs: 250,
      stop: Deferred.await(stop),
    }),
    live,
  ).pipe(
    // one that starts while the database is down starts again, as by a service manager
    Effect.retry(Schedule.spaced(500)),
  ),
)
clearInterval(watching)
say({ end })
process.disconnect()
