/**
 * Sends answers over a socket: whole, or as a fault bends them. What reaches the client is the point here, so most faults
 * write to the socket past `node:http`.
 */
import { once } from "node:events"
import { STATUS_CODES } from "node:http"
import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"

import * as Answer from "../api/Response.ts"
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

/** Lists the headers of an answer but its length: its own, and those that keep it from being sniffed or kept. */
export const headersOf = (answer: Answer.Answer, now: number): Record<string, string> => ({
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  date: httpDate(now),
  ...answer.headers,
})

const withLength = (answer: Answer.Answer, now: number): Record<string, string> => ({
  ...headersOf(answer, now),
  ...(answer.status !== 204 &&
    answer.status !== 304 && { "content-length": String(Answer.byteLength(answer.body)) }),
})

/** Sends an answer in one piece. */
export const send = (
  response: ServerResponse,
  answer: Answer.Answer,
  now: number,
  close = false,
): void => {
  if (close) response.setHeader("connection", "close")
  response.writeHead(answer.status, withLength(answer, now))
  response.end(answer.body)
}

const pads = new Map<string, Uint8Array>()

/** Fills a body up with spaces and compresses it, as a fault asks; what is compressed is kept, it is dear to make. */
const swell = (answer: Answer.Answer, spec: FaultSpec): Answer.Answer => {
  if (spec.gzip !== true) return answer
  const name = `${spec.padTo ?? 0} ${String(answer.body)}`
  let body = pads.get(name)
  if (body === undefined) {
    body = gzipSync(padded(answer.body, spec.padTo ?? 0))
    if (pads.size < 16) pads.set(name, body)
  }
  return { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" }, body }
}

const padded = (body: Answer.Answer["body"], size: number): Buffer => {
  const bytes = Buffer.from(body)
  return bytes.length >= size
    ? bytes
    : Buffer.concat([bytes, Buffer.alloc(size - bytes.length, " ")])
}

/** The bytes of `garbage`: they begin like a TLS record and are no HTTP. */
export const GARBAGE = Buffer.from(
  Array.from(
    { length: 64 },
    (_, index) => (index < 3 ? [0x16, 0x03, 0x01][index] : (index * 37) % 256) ?? 0,
  ),
)

/** How an answer ended: with its head sent, or with none. */
export type Ending = "answered" | "cut"

/** What a bent answer needs. */
export interface Bent {
  readonly response: ServerResponse
  readonly socket: Socket
  readonly answer: Answer.Answer
  readonly fault: FaultSpec
  readonly clock: SandboxClock
  /** Aborts when the client leaves or the sandbox closes. */
  readonly gone: AbortSignal
}

const half = (body: Answer.Answer["body"]): Buffer => {
  const bytes = Buffer.from(body)
  return bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2)))
}

/** Writes a head by hand, for bodies that end with the connection. */
const head = ({ answer, clock }: Bent): string => {
  const lines = Object.entries({ ...headersOf(answer, clock.now()), connection: "close" })
  const title = STATUS_CODES[answer.status] ?? "Unknown"
  return `HTTP/1.1 ${answer.status} ${title}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`
}

const drip = async (bent: Bent): Promise<void> => {
  const { answer, clock, fault, gone, socket } = bent
  const bytes = Buffer.concat([Buffer.from(head(bent), "latin1"), Buffer.from(answer.body)])
  for (let at = 0; at < bytes.length && !gone.aborted; at++) {
    socket.write(bytes.subarray(at, at + 1))
    await clock.sleep(fault.intervalMs ?? 1000, gone)
  }
  socket.destroySoon()
}

const spaces = Buffer.alloc(65_536, " ")

const pour = async ({ answer, clock, fault, gone, response }: Bent): Promise<void> => {
  const missing = Math.max(0, (fault.padTo ?? 0) - Answer.byteLength(answer.body))
  response.writeHead(answer.status, headersOf(answer, clock.now()))
  response.write(answer.body)
  for (let left = missing; left > 0 && !gone.aborted; left -= spaces.length) {
    if (!response.write(spaces.subarray(0, Math.min(left, spaces.length))))
      await once(response, "drain", { signal: gone }).catch(() => undefined)
  }
  response.end()
}

/** Sends an answer as its fault bends it; returns how it ended. A stall never ends by itself. */
export const sendBent = async (bent: Bent): Promise<Ending> => {
  const { clock, fault, response, socket } = bent
  const answer = swell(bent.answer, fault)
  const now = clock.now()
  if (fault.raw !== undefined) {
    socket.write(Buffer.from(fault.raw, "latin1"))
    socket.destroySoon()
    return "cut"
  }
  switch (fault.delivery) {
    case "drip":
      await drip({ ...bent, answer })
      return "answered"
    default:
      if (fault.padTo === undefined || fault.gzip === true) send(response, answer, now)
      else await pour({ ...bent, answer })
      return "answered"
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
      response.writeHead(answer.status, withLength(answer, now))
      response.write(half(answer.body))
      return "answered"
    case "truncate-length":
      response.writeHead(answer.status, withLength(answer, now))
      response.write(half(answer.body), () => socket.destroySoon())
      return "answered"
    case "truncate-chunked":
      response.writeHead(answer.status, headersOf(answer, now))
      response.write(half(answer.body), () => socket.destroySoon())
      return "answered"
    case "truncate-close":
      socket.write(head({ ...bent, answer }), "latin1")
      socket.write(half(answer.body))
      socket.destroySoon()
      return "answered"
  }
}
