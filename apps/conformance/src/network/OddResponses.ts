/** Responses that break the protocol, and bodies without an end, as bytes. */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"

import type { Peer } from "./RawServer.ts"
import { created } from "./RawServer.ts"

export const json: string = JSON.stringify(created)
export const ok = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`

/** A hundred interim responses. */
export const early: string = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100)

/** Bytes without a readable response head. */
export const garbage: Readonly<Record<string, string>> = {
  "no HTTP": "hello world\r\n\r\n",
  "HTTP/0.9": '{"code":"200"}',
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "a head of 70 kB": `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`,
  "two lengths": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ncontent-length: 5\r\n\r\n${json}`,
  "a length and chunks": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ntransfer-encoding: chunked\r\n\r\n${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
  "an upgrade": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "a line break in a header": "HTTP/1.1 200 OK\r\nx\n: y\r\n\r\n",
}

/** Responses with a valid head and an invalid body. */
export const headed: Readonly<Record<string, string>> = {
  "an invalid chunk size": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  "bytes after it": `${ok}more`,
  "another response after it": `${ok}${ok}`,
}

/** Returns the head of a response. */
export const headOf = (status: number, more: string): string =>
  `HTTP/1.1 ${status} Scripted\r\n${more}\r\n`

/** A body chunk, written a number of times, or until the client closes. */
export interface Endless {
  readonly more: string
  readonly bytes: Buffer
  readonly times: number
}

const packed = (encoding: string, bytes: Buffer): Endless => ({
  more: `content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n`,
  bytes,
  times: 1,
})

const times = 3_200
const piece = Buffer.alloc(65_536, "x")
const chunk = Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")])
const length = `content-length: ${times * piece.length}\r\n`
const zeros = Buffer.alloc(50_000_000)
const gzipped = gzipSync(zeros)
const twenty = Array.from({ length: 20 })

export const endless: Readonly<Record<string, Endless>> = {
  "200 MB in chunks": { more: "transfer-encoding: chunked\r\n", bytes: chunk, times },
  "200 MB with their length": { more: length, bytes: piece, times },
  "200 MB until the connection ends": { more: "connection: close\r\n", bytes: piece, times },
  "200 MB that claim to be gzip": {
    more: `content-encoding: gzip\r\n${length}`,
    bytes: piece,
    times,
  },
  "50 MB in 50 kB of gzip": packed("gzip", gzipped),
  "50 MB in 50 kB of deflate": packed("deflate", deflateSync(zeros)),
  "50 MB in 70 bytes of brotli": packed("br", brotliCompressSync(zeros)),
  "gzip in gzip": packed("gzip, gzip", gzipSync(gzipped)),
  "twenty encodings": packed(
    twenty.map(() => "gzip").join(", "),
    twenty.reduce<Buffer>((bytes) => gzipSync(bytes), Buffer.from(json)),
  ),
}

/** The meaning of each status, for any body. */
export const meaning: ReadonlyArray<readonly [status: number, to: string]> = [
  [200, "UnexpectedResponseError"],
  [400, "BadRequestError"],
  [401, "AuthenticationError"],
  [403, "UnexpectedResponseError"],
  [429, "RateLimitError"],
  [500, "InternalServerError"],
]

/** Responds with such a body. */
export const respond = async (peer: Peer, status: number, body: Endless): Promise<void> => {
  // keeps the next request from waiting
  await peer.send(headOf(status, `retry-after: 0\r\n${body.more}`))
  for (let n = 0; n < body.times && !peer.socket.destroyed; n++) await peer.send(body.bytes)
}
