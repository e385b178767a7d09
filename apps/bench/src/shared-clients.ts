/** The clients of other libraries that share a limit over Redis; each is told limit and window. */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import Bottleneck from "bottleneck"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { Redis } from "ioredis"
import { RateLimiterQueue, RateLimiterRedis } from "rate-limiter-flexible"
import { createClient } from "redis"

import type { PacedClient, Rate } from "./pacing-clients.ts"
import { retrying, withRateLimiter } from "./pacing-clients.ts"

/** Creates a client of one API, whose limit the Redis behind a URL holds. */
type MakeShared = (baseUrl: string, rate: Rate, redisUrl: string) => Promise<PacedClient>

/** Lists the clients by name. */
export const sharedClients: Readonly<Record<string, MakeShared>> = {
  bottleneck: async (baseUrl, { limit, windowMs }, redisUrl) => {
    const { close, create } = retrying(baseUrl)
    const connection = new Bottleneck.IORedisConnection({ client: new Redis(redisUrl) })
    const limiter = new Bottleneck({
      // its reservoirs refill each 5 s at most often in a cluster
      minTime: windowMs / limit,
      id: baseUrl,
      datastore: "ioredis",
      connection,
    })
    limiter.on("error", () => undefined)
    await limiter.ready()
    return {
      create: (n) => limiter.schedule(() => create(n)),
      close: async () => {
        await limiter.disconnect()
        await connection.disconnect()
        await close()
      },
    }
  },
  "Effect withRateLimiter": async (baseUrl, rate, redisUrl) =>
    withRateLimiter(
      baseUrl,
      rate,
      Layer.provide(RateLimiter.layerStoreRedis(), NodeRedis.layer({ url: redisUrl })),
    ),
  "rate-limiter-flexible": async (baseUrl, { limit, windowMs }, redisUrl) => {
    const { close, create } = retrying(baseUrl)
    const redis = createClient({ url: redisUrl })
    redis.on("error", () => undefined)
    await redis.connect()
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      useRedisPackage: true,
      keyPrefix: baseUrl,
      points: limit,
      duration: windowMs / 1000,
    })
    const queue = new RateLimiterQueue(limiter)
    return {
      create: async (n) => {
        await queue.removeTokens(1)
        return create(n)
      },
      close: async () => {
        redis.destroy()
        await close()
      },
    }
  },
}
