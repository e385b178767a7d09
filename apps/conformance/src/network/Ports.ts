/** Finds ports that the system does not assign, for servers that go down while others start. */
import { randomInt } from "node:crypto"
import { once } from "node:events"
import { connect, createServer } from "node:net"

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/** Returns a free port, below the range that the system assigns. */
export const own = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(10_000, 30_000)
    if (await isFree(port)) return port
  }
}

/** Starts a server on such a port; on another one if it fails, since another process may have been faster. */
export const onOwn = async <A>(
  start: (port: number) => Promise<A>,
  tries = 3,
): Promise<{ readonly port: number; readonly started: A }> => {
  const port = await own()
  try {
    return { port, started: await start(port) }
  } catch (error) {
    if (tries <= 1) throw error
    return onOwn(start, tries - 1)
  }
}

/** Resolves if a server takes connections on a port; rejects if not. */
export const connects = async (port: number): Promise<void> => {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  socket.destroy()
}
