/** The stores of a shared limit as real servers, and everything that can happen to them, by one interface. */
import { createClient } from "redis"

import type { PostgresServer } from "./PostgresServer.ts"
import { startBouncer, startPostgres } from "./PostgresServer.ts"
import type { RedisServer } from "./RedisServer.ts"
import { startRedis } from "./RedisServer.ts"
import type { ServerProcess } from "./ServerProcess.ts"

/** A server that holds the limit. */
export interface TestedStore extends AsyncDisposable {
  readonly port: number
  readonly process: ServerProcess
  /** Rejects all processes and closes their connections; returns a function that ends it. */
  readonly lockOut: () => Promise<() => Promise<void>>
  /** Damages of its data, by name: the server itself stays up. */
  readonly damages: Readonly<Record<string, () => Promise<unknown>>>
}

/** How a store is started. */
export interface StoreKind {
  readonly kind: "redis" | "postgres"
  readonly start: () => Promise<TestedStore>
  /** Another way to the store, as a pool in front of it; the same way without one. */
  readonly pool: (store: TestedStore) => Promise<AsyncDisposable & { readonly port: number }>
}

const lockRedis = async ({ port, send }: RedisServer): Promise<() => Promise<void>> => {
  // a connection that is open keeps its rights
  const admin = createClient({ url: `redis://127.0.0.1:${port}` })
  await admin.connect()
  await admin.sendCommand(["CONFIG", "SET", "requirepass", "locked"])
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
  return async () => {
    await admin.sendCommand(["CONFIG", "SET", "requirepass", ""])
    admin.destroy()
    await send("PING")
  }
}

const damagesOfRedis = ({ send }: RedisServer): TestedStore["damages"] => {
  const toAll =
    (...[name, ...rest]: readonly [string, ...ReadonlyArray<string>]) =>
    async () => {
      const keys = await send("KEYS", "aelyst:*")
      for (const key of Array.isArray(keys) ? keys.map(String) : []) await send(name, key, ...rest)
    }
  const another = async () => {
    await toAll("DEL")()
    await toAll("SET", "junk")()
  }
  return {
    "SCRIPT FLUSH": () => send("SCRIPT", "FLUSH"),
    PERSIST: toAll("PERSIST"),
    "junk in the state": toAll("HSET", "s", "junk"),
    "junk in the version": toAll("HSET", "v", "junk"),
    "another type": another,
    DEL: toAll("DEL"),
    FLUSHALL: () => send("FLUSHALL"),
  }
}

/** Redis. */
export const redis: StoreKind = {
  kind: "redis",
  start: async () => {
    const server = await startRedis()
    return {
      ...server,
      lockOut: () => lockRedis(server),
      damages: damagesOfRedis(server),
    }
  },
  pool: async ({ port }) => ({ port, [Symbol.asyncDispose]: async () => undefined }),
}

/** The role of the processes under test. */
export const role = "app"

const lockPostgres = async ({ query }: PostgresServer): Promise<() => Promise<void>> => {
  await query(`ALTER ROLE ${role} NOLOGIN`)
  await query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [role])
  return async () => void (await query(`ALTER ROLE ${role} LOGIN`))
}

const damagesOfPostgres = ({ query }: PostgresServer): TestedStore["damages"] => ({
  "junk in the state": () => query("UPDATE aelyst_shared_limit SET state = 'junk'"),
  "junk in the version": () => query("UPDATE aelyst_shared_limit SET version = 'junk'"),
  "an earlier expiry": () =>
    query("UPDATE aelyst_shared_limit SET expires_at = now() - interval '1 day'"),
  DELETE: () => query("DELETE FROM aelyst_shared_limit"),
  TRUNCATE: () => query("TRUNCATE aelyst_shared_limit"),
  "DROP TABLE": () => query("DROP TABLE aelyst_shared_limit"),
})

/** PostgreSQL. */
export const postgres: StoreKind = {
  kind: "postgres",
  start: async () => {
    const server = await startPostgres()
    await server.query(`CREATE ROLE ${role} LOGIN`)
    await server.query(`GRANT CREATE ON SCHEMA public TO ${role}`)
    return {
      ...server,
      lockOut: () => lockPostgres(server),
      damages: damagesOfPostgres(server),
    }
  },
  pool: ({ port }) => startBouncer(port, [role]),
}
