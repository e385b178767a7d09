/**
 * A server that closes kept-alive connections, run by `Child`. It sends its port, then a `Report` on each question.
 * It is the worst case: it commits every request that it receives, even on a connection that it has half-closed.
 */
import { input } from "./Child.ts"
import * as RawServer from "./RawServer.ts"

/** How it closes connections. */
export interface Closing {
  /** The time from a response to the close, in milliseconds; 0 is one pass of its event loop. */
  readonly idleMs: number
  /** How many responses of a connection have no such limit. Default 0. */
  readonly unlimited?: number
  /** With FIN or with RST; `both` alternates. */
  readonly how: "end" | "reset" | "both"
  /** How it treats an identifier that it knows. */
  readonly existing: "reject" | "duplicate"
}

/** The requests that it has received. */
export interface Report {
  /** By identifier: how often it was received, and how often created. */
  readonly keys: {
    readonly [identifier: string]: { readonly posts: number; readonly made: number }
  }
  /** The number of connections, and of requests on a reused connection. */
  readonly connections: number
  readonly reused: number
  /** The number of connections that are open. */
  readonly open: number
  /** The number of requests on a connection that it had closed. */
  readonly late: number
}

const { idleMs, unlimited = 0, how, existing } = input<Closing>()
const keys: Record<string, { posts: number; made: number }> = {}
let reused = 0
let open = 0
let late = 0

const server = await RawServer.start(async (peer) => {
  open += 1
  void peer.closed.then(() => (open -= 1))
  let closed = false
  const resets = how === "both" ? peer.index % 2 === 0 : how === "reset"
  const close = () => {
    closed = true
    if (resets) peer.reset()
    else peer.end()
  }
  let timer: NodeJS.Timeout | undefined
  for (let n = 0; ; n++) {
    const { path } = await peer.request()
    clearTimeout(timer)
    const key = path.slice(path.lastIndexOf("/") + 1)
    const entry = (keys[key] ??= { posts: 0, made: 0 })
    entry.posts += 1
    if (n > 0) reused += 1
    if (closed) late += 1
    const isNew = entry.made === 0 || existing === "duplicate"
    if (isNew) entry.made += 1
    await (isNew
      ? peer.respond(200, RawServer.created)
      : peer.respond(400, { code: 400, message: "Contact already exists." }))
    if (n < unlimited) continue
    if (idleMs === 0) setImmediate(close)
    else timer = setTimeout(close, idleMs)
  }
})

process.on("message", () => {
  const report: Report = { keys, connections: server.peers.length, reused, open, late }
  process.send?.(report)
})
process.on("disconnect", () => process.exit())
process.send?.(server.port)
