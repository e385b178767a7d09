/**
 * A server that closes kept connections, to be run by `Child`. It sends its port, then a `Report` whenever it is asked.
 * It is as unkind as it may be: it commits whatever reaches it, even after it has said that it sends nothing more.
 */
import { input } from "./Child.ts"
import * as RawServer from "./RawServer.ts"

/** How it closes. */
export interface Closing {
  /** How long after an answer it closes, in milliseconds; 0 is one turn of its event loop. */
  readonly idleMs: number
  /** By FIN or by RST; `both` takes them in turns. */
  readonly how: "end" | "reset" | "both"
  /** What it does with an identifier that it knows. */
  readonly existing: "reject" | "duplicate"
}

/** What it has received. */
export interface Report {
  /** By identifier: how often it arrived, and how often it was created. */
  readonly keys: {
    readonly [identifier: string]: { readonly posts: number; readonly made: number }
  }
  /** How many connections were made, and how many requests came on one that had carried another. */
  readonly connections: number
  readonly reused: number
  /** How many requests came on a connection that it had closed. */
  readonly late: number
}

const { idleMs, how, existing } = input<Closing>()
const keys: Record<string, { posts: number; made: number }> = {}
let reused = 0
let late = 0

const server = await RawServer.start(async (peer) => {
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
      ? peer.answer(200, RawServer.created)
      : peer.answer(400, { code: 400, message: "Contact already exists." }))
    if (idleMs === 0) setImmediate(close)
    else timer = setTimeout(close, idleMs)
  }
})

process.on("message", () => {
  const report: Report = { keys, connections: server.peers.length, reused, late }
  process.send?.(report)
})
process.on("disconnect", () => process.exit())
process.send?.(server.port)
