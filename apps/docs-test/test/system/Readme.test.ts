import { afterAll } from "vitest"

import { startPostgres, urlOf } from "../../../conformance/src/shared/PostgresServer.ts"
import { startRedis } from "../../../conformance/src/shared/RedisServer.ts"
import { folderOf, testBlocks } from "../readmes.ts"

const servers: Array<AsyncDisposable> = []
afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())))

const start = async () => {
  const redis = await startRedis()
  servers.push(redis)
  const postgres = await startPostgres()
  servers.push(postgres)
  return { REDIS_URL: `redis://127.0.0.1:${redis.port}`, DATABASE_URL: urlOf(postgres.port) }
}

testBlocks(folderOf("system"), { system: true, start })
