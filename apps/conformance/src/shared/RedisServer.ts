/** A real Redis on a free port of 127.0.0.1, in memory. */
import { createClient } from "redis"

import * as Ports from "../network/Ports.ts"
import { folder, ServerProcess } from "./ServerProcess.ts"

/** A running Redis. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly process: ServerProcess
  /** Sends one command, on a new connection. */
  readonly send: (...command: ReadonlyArray<string>) => Promise<unknown>
}

const sendTo = async (port: number, command: ReadonlyArray<string>): Promise<unknown> => {
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    socket: { reconnectStrategy: false, connectTimeout: 60_000 },
  })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await client.sendCommand([...command])
  } finally {
    client.destroy()
  }
}

/** Starts a Redis. */
export const startRedis = async (...options: ReadonlyArray<string>): Promise<RedisServer> => {
  const data = await folder("redis")
  const { port, started: process } = await Ports.onOwn((free) =>
    ServerProcess.start({
      program: "redis-server",
      args: [
        "--port",
        `${free}`,
        "--bind",
        "127.0.0.1",
        "--dir",
        data.path,
        "--save",
        "",
        ...options,
      ],
      greet: async () => void (await sendTo(free, ["PING"])),
    }),
  )
  return {
    port,
    process,
    send: (...command) => sendTo(port, command),
    [Symbol.asyncDispose]: async () => {
      await process.kill()
      await data[Symbol.asyncDispose]()
    },
  }
}
