/** Apps on free ports, for both Express versions, with a body parser before or after the blocks, or none. */
import express5 from "express"
import express4 from "express4"
import type { Express, RequestHandler } from "express"
import type { AddressInfo } from "node:net"
import type { Server } from "node:http"

export const versions = { 5: express5, 4: express4 } as const
export type Version = keyof typeof versions
export type Parser = "before" | "after" | "none"

/** Every pair of Express version and position of the body parser. */
export const cells: ReadonlyArray<{ readonly version: Version; readonly parser: Parser }> = (
  [5, 4] as const
).flatMap((version) =>
  (["before", "after", "none"] as const).map((parser) => ({ version, parser })),
)

export interface Running {
  readonly url: string
  readonly app: Express
  readonly server: Server
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts an app on a free port; closing it closes its connections. */
const listen = async (app: Express): Promise<Running> => {
  const server = app.listen(0, "127.0.0.1")
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve)
    server.once("error", reject)
  })
  // safe: it listens on a TCP port
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    app,
    server,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Creates an app, with the parsers before or after what `mount` adds, and starts it. */
export const start = (
  mount: (app: Express) => void,
  { parser = "none", version = 5 }: { readonly version?: Version; readonly parser?: Parser } = {},
): Promise<Running> => {
  const express = versions[version]
  const app = express()
  const parsers: ReadonlyArray<RequestHandler> = [
    express.json(),
    express.urlencoded({ extended: false }),
  ]
  if (parser === "before") app.use(...parsers)
  mount(app)
  if (parser === "after") app.use(...parsers)
  return listen(app)
}
