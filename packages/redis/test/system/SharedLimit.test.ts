import { existsSync } from "node:fs"
import { Pacer } from "@aelyst/core"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { Effect, Layer } from "effect"
import { Cluster as IoCluster, Redis as IoRedis } from "ioredis"
import { Redis as Valkey } from "iovalkey"
import { createClient, createCluster } from "redis"
import { createClient as createClient5 } from "redis5"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"

import type { RedisServer } from "../../../../apps/conformance/src/shared/RedisServer.ts"
import { startRedis } from "../../../../apps/conformance/src/shared/RedisServer.ts"
import { RedisPacerStore } from "../../src/effect.ts"
import type { SendCommand } from "../../src/index.ts"
import { sharedLimit } from "../../src/index.ts"

interface Connection extends AsyncDisposable {
  readonly sendCommand: SendCommand
}

type Command = Parameters<SendCommand>[0]
type Connect = (port: number) => Promise<Connection>

const clients = {
  "node-redis 6": async (port: number) => {
    const redis = await createClient({ url: `redis://127.0.0.1:${port}` }).connect()
    redis.on("error", () => undefined)
    return {
      sendCommand: (command: Command) => redis.sendCommand(command),
      [Symbol.asyncDispose]: async () => redis.destroy(),
    }
  },
  "node-redis 5": async (port: number) => {
    const redis = await createClient5({ url: `redis://127.0.0.1:${port}` }).connect()
    redis.on("error", () => undefined)
    return {
      sendCommand: (command: Command) => redis.sendCommand(command),
      [Symbol.asyncDispose]: async () => redis.destroy(),
    }
  },
  ioredis: async (port: number) => {
    const redis = new IoRedis(port, "127.0.0.1")
    redis.on("error", () => undefined)
    return {
      sendCommand: ([name, ...parameters]: Command) => redis.call(name, ...parameters),
      [Symbol.asyncDispose]: async () => redis.disconnect(),
    }
  },
  iovalkey: async (port: number) => {
    const redis = new Valkey(port, "127.0.0.1")
    redis.on("error", () => undefined)
    return {
      sendCommand: ([name, ...parameters]: Command) => redis.call(name, ...parameters),
      [Symbol.asyncDispose]: async () => redis.disconnect(),
    }
  },
} satisfies Record<string, Connect>

const clusters = {
  "node-redis": async (port: number) => {
    const cluster = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] })
    cluster.on("error", () => undefined)
    await cluster.connect()
    return {
      sendCommand: (command: Command, key: string) => cluster.sendCommand(key, false, command),
      [Symbol.asyncDispose]: async () => cluster.destroy(),
    }
  },
  ioredis: async (port: number) => {
    const cluster = new IoCluster([{ host: "127.0.0.1", port }])
    cluster.on("error", () => undefined)
    return {
      sendCommand: ([name, ...parameters]: Command) => cluster.call(name, ...parameters),
      [Symbol.asyncDispose]: async () => cluster.disconnect(),
    }
  },
} satisfies Record<string, Connect>

let sandbox: Sandbox
let server: RedisServer
beforeAll(async () => {
  sandbox = await Sandbox.start()
  server = await startRedis()
  if (!existsSync("/usr/bin/valkey-server")) {
    console.log("no valkey-server on this system: iovalkey runs against redis-server")
  }
})
beforeEach(async () => {
  sandbox.reset()
  await server.send("FLUSHALL")
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await sandbox.close()
})

/** Creates a client that shares nothing with others in this process but the store: functions are not compared. */
const clientOn = ({ sendCommand }: Connection) =>
  new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: async () => sandbox.tokens.ok,
    rateLimit: { shared: sharedLimit({ sendCommand, instances: 2 }) },
  })

let extra = 0
/** Creates contacts until a client reaches its store: a busy machine may separate them for a while. */
const reach = async (aelyst: Aelyst): Promise<void> => {
  while (aelyst.rateLimit.shared === "alone") {
    await aelyst.contacts.create(`id:9${extra++}`, { firstName: "Ana" })
  }
}

/** Creates 15 contacts by each of two clients on one store, and more until both reach it. */
const createOn = async (one: Connection, other: Connection) => {
  await using first = clientOn(one)
  await using second = clientOn(other)
  const ids = Array.from({ length: 15 }, (_, i) => i)
  await Promise.all(
    ids.flatMap((i) => [
      first.contacts.create(`id:1${i}`, { firstName: "Ana" }),
      second.contacts.create(`id:2${i}`, { firstName: "Ben" }),
    ]),
  )
  assert.strictEqual(sandbox.contacts().length, 30)
  await Promise.all([reach(first), reach(second)])
}

describe("sharedLimit on a server", () => {
  it.each(Object.entries(clients))(
    "lets two processes keep to one limit: %s",
    async (_, connect) => {
      await using one = await connect(server.port)
      await using other = await connect(server.port)
      await createOn(one, other)
      const keys = await server.send("KEYS", "aelyst:pacer:6:*")
      assert.match(String(keys), /^aelyst:pacer:6:[0-9a-f]{64}$/)
      assert.strictEqual(await server.send("TYPE", String(keys)), "hash")
      assert.isAtMost(Number(await server.send("PTTL", String(keys))), 3_600_000)
      assert.isAbove(Number(await server.send("PTTL", String(keys))), 3_500_000)
      assert.notInclude(String(await server.send("HGETALL", String(keys))), sandbox.tokens.ok)
    },
  )

  it("creates the script and the key again after they are gone, damaged or of another type", async () => {
    await using connection = await clients.ioredis(server.port)
    await using aelyst = clientOn(connection)
    const create = (i: number) => aelyst.contacts.create(`id:${i}`, { firstName: "Ana" })
    await create(0)
    await reach(aelyst)
    const key = String(await server.send("KEYS", "aelyst:pacer:6:*"))
    const faults: ReadonlyArray<ReadonlyArray<string>> = [
      ["SCRIPT", "FLUSH"],
      ["FLUSHALL"],
      ["DEL", key],
      ["PERSIST", key],
      ["SET", key, "junk"],
      ["HSET", key, "s", "junk"],
      ["HSET", key, "v", "junk"],
      ["HDEL", key, "v"],
    ]
    for (const [i, fault] of faults.entries()) {
      await server.send(...fault)
      await create(i + 1)
      await reach(aelyst)
      assert.strictEqual(await server.send("TYPE", key), "hash", fault.join(" "))
      assert.isAbove(Number(await server.send("PTTL", key)), 3_500_000, fault.join(" "))
    }
    assert.isAbove(sandbox.requests().length, faults.length)
    assert.strictEqual(sandbox.requests().length, sandbox.contacts().length)
  })

  it("is told once when the server is lost, and once when it is back", async () => {
    await using own = await startRedis()
    await using connection = await clients["node-redis 6"](own.port)
    const lines: Array<string> = []
    const shared = sharedLimit({ sendCommand: connection.sendCommand, instances: 1 })
    await using aelyst = new Aelyst({
      baseUrl: sandbox.baseUrl,
      token: sandbox.tokens.ok,
      rateLimit: { shared },
      logger: ({ level, message }) => lines.push(`${level}: ${message}`),
    })
    let created = 0
    const create = () => aelyst.contacts.create(`id:${created++}`, { firstName: "Ana" })
    await create()
    await reach(aelyst)
    // of a busy machine
    lines.length = 0
    await own.process.kill()
    await create()
    await create()
    assert.strictEqual(aelyst.rateLimit.shared, "alone")
    await own.process.restart()
    await reach(aelyst)
    assert.deepStrictEqual(lines, [
      "warn: the store of the shared rate limit does not answer: this process continues with its share",
      "info: the store of the shared rate limit answers again",
    ])
    assert.isAtLeast(sandbox.contacts().length, created)
  })

  it("keeps a pacer of Effect, too", async () => {
    await using connection = await clients.ioredis(server.port)
    const store = RedisPacerStore.layer({ sendCommand: connection.sendCommand, instances: 2 })
    const program = Effect.gen(function* () {
      const ticket = yield* (yield* Pacer.Pacer).enter
      const permit = yield* ticket.acquire()
      yield* permit.observe({ rateLimited: false, limit: 20, remaining: 19 })
    }).pipe(Effect.scoped, Effect.provide(Pacer.layer({ key: "api" })))
    await Effect.runPromise(Effect.provide(program, store))
    // another process
    const { remaining, shared } = await Effect.runPromise(
      Effect.flatMap(Pacer.Pacer, (pacer) =>
        Effect.flatMap(pacer.enter, () => pacer.snapshot),
      ).pipe(Effect.scoped, Effect.provide(Layer.provide(Pacer.layer({ key: "api" }), store))),
    )
    assert.strictEqual(shared, "connected")
    assert.isDefined(remaining)
    assert.strictEqual(await server.send("TYPE", "api"), "hash")
  })
})

describe("sharedLimit on a cluster", () => {
  let cluster: RedisServer
  beforeAll(async () => {
    cluster = await startRedis("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1")
    await cluster.send("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    while (!String(await cluster.send("CLUSTER", "INFO")).includes("cluster_state:ok")) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  it.each(Object.entries(clusters))("routes by the key: %s", async (_, connect) => {
    await using one = await connect(cluster.port)
    await using other = await connect(cluster.port)
    await createOn(one, other)
    assert.match(
      String(await cluster.send("KEYS", "aelyst:pacer:6:*")),
      /^aelyst:pacer:6:[0-9a-f]{64}$/,
    )
  })
})
