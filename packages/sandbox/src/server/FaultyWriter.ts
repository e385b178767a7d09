/**
 * Writes responses to a socket, whole or with the delivery of a fault. Which bytes reach the client is what matters here,
 * so most faults write to the socket directly, past `node:http`.
 */
import { once } from "node:events"
import { STATUS_CODES } from "node:http"
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"

import * as ApiResponse from "../api/Response.ts"
import type { FaultSpec, SandboxClock } from "../types.ts"

let dateSecond = -1
let dateText = ""

/** Writes the time of the sandbox's clock as a `Date` header. */
const httpDate = (now: number): string => {
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}

/** Returns the headers of a response except its length: its own, and those that prevent sniffing and caching. */
export const headersOf = (
  response: ApiResponse.ApiResponse,
  now: number,
): Record<string, string> => ({
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  date: httpDate(now),
  ...response.headers,
})

const withLength = (response: ApiResponse.ApiResponse, now: number): Record<string, string> => ({
  ...headersOf(response, now),
  ...(response.status !== 204 &&
    response.status !== 304 && {
      "content-length": String(ApiResponse.byteLength(response.body)),
    }),
})

/** Writes a response in one piece. */
export const write = (
  output: ServerResponse,
  response: ApiResponse.ApiResponse,
  now: number,
  close = false,
): void => {
  if (close) output.setHeader("connection", "close")
  output.writeHead(response.status, withLength(response, now))
  output.end(response.body)
}

const compressed = new Map<string, Uint8Array>()

/** Pads and compresses a body if the fault asks for it; keeps the result, because it is expensive to compute. */
const compress = (response: ApiResponse.ApiResponse, spec: FaultSpec): ApiResponse.ApiResponse => {
  if (spec.gzip !== true) return response
  const name = `${spec.padTo ?? 0} ${String(response.body)}`
  let body = compressed.get(name)
  if (body === undefined) {
    body = gzipSync(padded(response.body, spec.padTo ?? 0))
    if (compressed.size < 16) compressed.set(name, body)
  }
  return { ...response, headers: { ...response.headers, "content-encoding": "gzip" }, body }
}

const padded = (body: ApiResponse.ApiResponse["body"], size: number): Buffer => {
  const bytes = Buffer.from(body)
  return bytes.length >= size
    ? bytes
    : Buffer.concat([bytes, Buffer.alloc(size - bytes.length, " ")])
}

/** The bytes of `garbage`: they begin like a TLS record and are not HTTP. */
export const GARBAGE = Buffer.from(
  Array.from(
    { length: 64 },
    (_, index) => (index < 3 ? [0x16, 0x03, 0x01][index] : (index * 37) % 256) ?? 0,
  ),
)

/** How a response ended: `responded` if its head was sent, `cut` if not. */
export type Ending = "responded" | "cut"

/** A response to write, its fault, and its connection. */
export interface FaultyWrite {
  readonly output: ServerResponse
  readonly socket: Socket
  readonly response: ApiResponse.ApiResponse
  readonly fault: FaultSpec
  readonly clock: SandboxClock
  /** Aborts when the client leaves or the sandbox closes. */
  readonly gone: AbortSignal
}

const half = (body: ApiResponse.ApiResponse["body"]): Buffer => {
  const bytes = Buffer.from(body)
  return bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2)))
}

/** Writes a head by hand, for bodies that end with the connection. */
const head = ({ clock, response }: FaultyWrite): string => {
  const lines = Object.entries({ ...headersOf(response, clock.now()), connection: "close" })
  const title = STATUS_CODES[response.status] ?? "Unknown"
  return `HTTP/1.1 ${response.status} ${title}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`
}

const trickle = async (faulty: FaultyWrite): Promise<void> => {
  const { clock, fault, gone, response, socket } = faulty
  const bytes = Buffer.concat([Buffer.from(head(faulty), "latin1"), Buffer.from(response.body)])
  for (let at = 0; at < bytes.length && !gone.aborted; at++) {
    socket.write(bytes.subarray(at, at + 1))
    await clock.sleep(fault.intervalMs ?? 1000, gone)
  }
  socket.destroySoon()
}

const spaces = Buffer.alloc(65_536, " ")

const writePadded = async (faulty: FaultyWrite): Promise<void> => {
  const { clock, fault, gone, output, response } = faulty
  const missing = Math.max(0, (fault.padTo ?? 0) - ApiResponse.byteLength(response.body))
  output.writeHead(response.status, headersOf(response, clock.now()))
  output.write(response.body)
  for (let left = missing; left > 0 && !gone.aborted; left -= spaces.length) {
    if (!output.write(spaces.subarray(0, Math.min(left, spaces.length))))
      await once(output, "drain", { signal: gone }).catch(() => undefined)
  }
  output.end()
}

/** Writes a response as its fault delivers it; returns how it ended. A stall never ends. */
export const writeFaulty = async (given: FaultyWrite): Promise<Ending> => {
  const { clock, fault, output, socket } = given
  const response = compress(given.response, fault)
  const faulty = { ...given, response }
  const now = clock.now()
  if (fault.raw !== undefined) {
    socket.write(Buffer.from(fault.raw, "latin1"))
    socket.destroySoon()
    return "cut"
  }
  switch (fault.delivery) {
    case "trickle":
      await trickle(faulty)
      return "responded"
    default:
      if (fault.padTo === undefined || fault.gzip === true) write(output, response, now)
      else await writePadded(faulty)
      return "responded"
    case "drop":
      socket.resetAndDestroy()
      return "cut"
    case "fin":
      socket.destroySoon()
      return "cut"
    case "garbage":
      socket.write(GARBAGE)
      socket.destroySoon()
      return "cut"
    case "stall":
      return "cut"
    case "stall-body":
      output.writeHead(response.status, withLength(response, now))
      output.write(half(response.body))
      return "responded"
    case "truncate-length":
      output.writeHead(response.status, withLength(response, now))
      output.write(half(response.body), () => socket.destroySoon())
      return "responded"
    case "truncate-chunked":
      output.writeHead(response.status, headersOf(response, now))
      output.write(half(response.body), () => socket.destroySoon())
      return "responded"
    case "truncate-close":
      socket.write(head(faulty), "latin1")
      socket.write(half(response.body))
      socket.destroySoon()
      return "responded"
  }
}
