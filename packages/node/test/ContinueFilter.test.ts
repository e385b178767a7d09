import { once } from "node:events"
import type { Socket } from "node:net"
import * as Net from "node:net"

import { assert, describe, it } from "@effect/vitest"

import { ContinueFilter } from "../src/transport/ContinueFilter.ts"
import { iterate } from "./idle.ts"

/** Returns what a filtered socket reads of pieces that arrive one after the other. */
const filtered = async (pieces: ReadonlyArray<string>, isHeadDue = true): Promise<string> => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  // safe: a server that listens on a port has an address
  const { port } = server.address() as Net.AddressInfo
  const client = Net.connect(port, "127.0.0.1")
  // safe: the event has the socket
  const [[socket]] = (await Promise.all([once(server, "connection"), once(client, "connect")])) as [
    [Socket],
    unknown,
  ]
  const filter = new ContinueFilter()
  filter.isHeadDue = isHeadDue
  filter.attach(client)
  let text = ""
  client.on("readable", () => {
    for (let chunk = client.read(); chunk !== null; chunk = client.read()) text += String(chunk)
  })
  socket.setNoDelay(true)
  for (const piece of pieces) {
    socket.write(piece)
    await iterate(5)
  }
  socket.end()
  await once(client, "end")
  client.destroy()
  server.close()
  return text
}

describe("ContinueFilter (V13)", () => {
  const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
  const go = "HTTP/1.1 100 Continue\r\nserver: x\r\n\r\n"

  it("removes every 100 before the response, however it is cut", async () => {
    assert.strictEqual(await filtered([ok]), ok)
    assert.strictEqual(await filtered([go + go + ok]), ok)
    assert.strictEqual(await filtered([...(go + ok)]), ok)
    assert.strictEqual(await filtered([go, ok]), ok)
  })

  it("leaves other bytes as they are", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\n\r\n"
    assert.strictEqual(await filtered([hints, ok]), hints + ok)
    assert.strictEqual(await filtered([ok, go]), ok + go)
    assert.strictEqual(await filtered([go], false), go)
    const long = `HTTP/1.1 100 ${"x".repeat(20_000)}`
    assert.strictEqual(await filtered([long]), long)
  })
})
