import { Agent, request } from "node:http"
import { createConnection } from "node:net"

import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../../src/index.ts"

/** Creates one contact on a kept connection; resolves with how long that took, in milliseconds. */
const timed = (sandbox: Sandbox, agent: Agent, identifier: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    request(
      `${sandbox.baseUrl}/contact/${identifier}`,
      {
        method: "POST",
        agent,
        headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      },
      (response) => {
        response.resume().once("end", () => {
          if (response.statusCode === 200) resolve(performance.now() - began)
          else reject(new Error(`answered ${response.statusCode}`))
        })
      },
    )
      .once("error", reject)
      .end('{"firstName":"Ana"}')
  })

const p99 = (times: ReadonlyArray<number>): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN

/** Opens a connection that sends a byte of its head every half second; resolves when it is closed. */
const sendSlowly = (port: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" })
    const text = `POST /v1/contact/id:1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ${"x".repeat(100)}`
    let sent = 0
    const timer = setInterval(() => socket.write(text.charAt(sent++)), 500)
    socket.on("error", () => undefined)
    socket.resume().once("close", () => {
      clearInterval(timer)
      resolve()
    })
  })

describe("500 connections that send their heads slowly", () => {
  it("are all closed after a few seconds, and others are served meanwhile", async () => {
    await using sandbox = await Sandbox.start({ limit: 1_000_000, maxConnections: 600 })
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    let serial = 0
    const served = async (goesOn: () => boolean): Promise<ReadonlyArray<number>> => {
      const times: Array<number> = []
      const worker = async () => {
        while (goesOn()) times.push(await timed(sandbox, agent, `id:${serial++}`))
      }
      await Promise.all(Array.from({ length: 4 }, worker))
      return times
    }
    let left = 2000
    await served(() => left-- > 0)
    left = 2000
    const before = p99(await served(() => left-- > 0))
    const began = performance.now()
    let slow = true
    const closed = Promise.all(
      Array.from({ length: 500 }, () => sendSlowly(Number(new URL(sandbox.origin).port))),
    ).then(() => {
      slow = false
      return performance.now() - began
    })
    const during = p99(await served(() => slow))
    // who waited for one of them would wait for 5 s
    assert.isBelow(during, 2_000 + 5 * before)
    // they would send for 53 s, and Node.js itself would close them after 60 s; the sandbox does after 5 s
    assert.isBelow(await closed, 30_000)
    agent.destroy()
  })
})
