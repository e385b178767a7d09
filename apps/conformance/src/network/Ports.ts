/** Ports that the system gives to nobody by chance, for servers that go down while others start. */
import { randomInt } from "node:crypto"
import { createServer } from "node:net"

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/** Gives a port that is free: one below those that the system hands out. */
export const own = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(10_000, 30_000)
    if (await isFree(port)) return port
  }
}
