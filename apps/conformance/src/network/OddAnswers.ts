/** Answers that break the protocol, and bodies that do not come to their end, as bytes. */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"

import type { Peer } from "./RawServer.ts"
import { created } from "./RawServer.ts"

export const json: string = JSON.stringify(created)
export const ok = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`

/** A hundred interim answers. */
export const early: string = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100)

/** No head of an answer can be read of these. */
export const garbage: Readonly<Record<string, string>> = {
  "no HTTP": "hello world\r\n\r\n",
  "HTTP/0.9": '{"code":"200"}',
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "a head of 70 kB": `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`,
  "two lengths": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ncontent-length: 5\r\n\r\n${json}`,
  "a length and chunks": `HTTP/1.1 200 OK\r\ncontent-length: ${json.length}\r\ntransfer-encoding: chunked\r\n\r\n${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
  "an upgrade": "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "100 Continue": "HTTP/1.1 100 Continue\r\n\r\n",
  "a line break in a header": "HTTP/1.1 200 OK\r\nx\n: y\r\n\r\n",
}

/** The head of these is an answer; what follows is none. */
export const headed: Readonly<Record<string, string>> = {
  "a chunk size that is none": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  "bytes after it": `${ok}more`,
  "another answer after it": `${ok}${ok}`,
}

/** Writes the head of an answer. */
export const headOf = (status: number, more: string): string =>
  `HTTP/1.1 ${status} Scripted\r\n${more}\r\n`

/** A body that is written so many times, or until somebody ends it. */
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
  "200 MB of a length that is told": { more: length, bytes: piece, times },
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

/** Lists what each status means, whatever its body is. */
export const meaning: ReadonlyArray<readonly [status: number, to: string]> = [
  [200, "UnexpectedResponseError"],
  [400, "BadRequestError"],
  [401, "AuthenticationError"],
  [403, "UnexpectedResponseError"],
  [429, "RateLimitError"],
  [500, "InternalServerError"],
]

/** Answers with such a body. */
export const pour = async (peer: Peer, status: number, body: Endless): Promise<void> => {
  // so that the next does not wait
  await peer.send(headOf(status, `retry-after: 0\r\n${body.more}`))
  for (let n = 0; n < body.times && !peer.socket.destroyed; n++) await peer.send(body.bytes)
}
