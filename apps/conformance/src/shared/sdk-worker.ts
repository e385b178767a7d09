/** A process that creates contacts with the SDK, which shares its limit with the others. Run by `Fleet`. */
import { sharedLimit as redisLimit } from "@aelyst/redis"
import type { SharedRateLimitStore } from "@aelyst/node"
import { Aelyst } from "@aelyst/node"
import { sharedLimit as postgresLimit } from "@aelyst/journal/shared-limit"
import { Pool } from "pg"
import { createClient } from "redis"

import { urlOf } from "./PostgresServer.ts"
import { role } from "./TestedStores.ts"
import * as Variants from "./Variants.ts"
import type { Tools, WorkerInput } from "./Worker.ts"
import { input, note, work } from "./Worker.ts"

/** The variants of a store. */
export type Variant =
  | "delivered"
  | "another version"
  | "twice"
  | "losing"
  | "impure"
  | "storm"
  | "without recheck"

/** The input of this process. */
export interface SdkInput extends WorkerInput {
  /** The store of the limit; without it, the processes share nothing. */
  readonly store?: { readonly kind: "redis" | "postgres"; readonly port: number } | undefined
  readonly instances: number
  readonly variant?: Variant | undefined
}

const { instances, store: where, variant = "delivered", ...given } = input<SdkInput>()

let roundTrips = 0
const counting =
  <Given extends ReadonlyArray<unknown>, A>(ask: (...given: Given) => A) =>
  (...asked: Given): A => {
    roundTrips++
    return ask(...asked)
  }

interface Connected {
  readonly store: SharedRateLimitStore | undefined
  readonly close: () => Promise<unknown>
}

const connectRedis = async (port: number): Promise<Connected> => {
  const redis = createClient({ url: `redis://127.0.0.1:${port}` })
  redis.on("error", () => undefined)
  await redis.connect()
  const send = counting((command: Array<string>) => redis.sendCommand(command))
  const sendCommand = variant === "losing" ? Variants.loseEverySecond(send) : send
  const store = redisLimit({ sendCommand, instances })
  const close = async () => redis.destroy()
  if (variant !== "storm") return { store, close }
  const channel = "changes"
  const stormy = Variants.storm(
    store,
    counting(() => redis.publish(channel, "")),
  )
  const subscriber = redis.duplicate()
  subscriber.on("error", () => undefined)
  await subscriber.connect()
  await subscriber.subscribe(channel, stormy.wake)
  return {
    store: stormy.store,
    close: async () => {
      subscriber.destroy()
      redis.destroy()
    },
  }
}

const connectPostgres = (port: number): Connected => {
  const pool = new Pool({ connectionString: urlOf(port, role), max: 4 })
  pool.on("error", () => undefined)
  const query = counting((text: string, values: Array<string | null>) => pool.query(text, values))
  return { store: postgresLimit({ query, instances }), close: () => pool.end() }
}

const connect = async (): Promise<Connected> => {
  if (where === undefined) return { store: undefined, close: async () => undefined }
  return where.kind === "redis" ? connectRedis(where.port) : connectPostgres(where.port)
}

/** Keeps the state where another version of it is kept. */
const ofAnotherVersion = (store: SharedRateLimitStore): SharedRateLimitStore => ({
  ...store,
  modify: (key, f) => store.modify(key.replace(/^aelyst:pacer:\d+/, "aelyst:pacer:0"), f),
})

const change = (store: SharedRateLimitStore): SharedRateLimitStore => {
  if (variant === "twice") return Variants.twice(store)
  if (variant === "another version") return ofAnotherVersion(store)
  if (variant === "impure") return Variants.impure(store)
  return variant === "without recheck" ? Variants.withoutRecheck(store) : store
}

const { close, store } = await connect()
const shared = store && change(store)

let connection = store?.connection?.()
const watch = setInterval(() => {
  const seen = store?.connection?.()
  if (seen !== undefined && seen !== connection) note(seen)
  connection = seen
}, 10)
watch.unref()

const tools: Tools = {
  open: ({ baseUrl }) => {
    const client = new Aelyst({
      token: "shared-limit-token",
      baseUrl,
      deadlineMs: 600_000,
      maxWaitMs: 900_000,
      retries: 100,
      logger: ({ level, message }) => note(`${level}: ${message}`),
      ...(shared !== undefined && { rateLimit: { shared } }),
    })
    return {
      create: (identifier) => client.contacts.create(identifier, { firstName: "Ana" }),
      close: () => client.close(),
    }
  },
  roundTrips: () => roundTrips,
  close,
}
await work(given, tools)
