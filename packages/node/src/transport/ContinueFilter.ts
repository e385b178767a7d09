/**
 * Reads over responses with `100 Continue`, which a server may send unasked (RFC 9110, 15.2): undici takes them for a
 * protocol error after the request has left, so that the outcome of the call would be unknown.
 */
import type * as Net from "node:net"

const continueStart = "HTTP/1.1 100"
const endOfHead = "\r\n\r\n"
/** As much of a head as undici reads. */
const maxHead = 16_384

const nothing = Buffer.alloc(0)

/** Returns the bytes that follow all such responses; undefined if more bytes must come to tell. */
const withoutContinues = (bytes: Buffer): Buffer | undefined => {
  let rest = bytes
  while (rest.length > 0) {
    const begins = rest.toString("latin1", 0, continueStart.length)
    if (begins !== continueStart) return continueStart.startsWith(begins) ? undefined : rest
    const end = rest.indexOf(endOfHead)
    if (end === -1) return rest.length > maxHead ? rest : undefined
    rest = rest.subarray(end + endOfHead.length)
  }
  return rest
}

/** Filters what is read from the socket of one connection. */
export class ContinueFilter {
  /** Whether a response is to come; bytes at any other time are passed on as they are. */
  isHeadDue = false
  #held: Buffer = nothing

  /** Begins to filter, at the place where undici reads. */
  attach(socket: Net.Socket): void {
    const read = socket.read.bind(socket)
    socket.read = (size?: number): Buffer | null => {
      const chunk: Buffer | null = read(size)
      return chunk === null || !this.isHeadDue ? chunk : this.#filter(chunk)
    }
  }

  #filter(chunk: Buffer): Buffer | null {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const rest = withoutContinues(bytes)
    this.#held = rest === undefined ? bytes : nothing
    if (rest === undefined || rest.length === 0) return null
    this.isHeadDue = false
    return rest
  }
}
