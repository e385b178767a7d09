/** Network faults before any byte can have left: N1 to N6, over real sockets. */
import { spawn } from "node:child_process"
import * as Net from "node:net"

import type { Delivery } from "@aelyst/core"
import { makeTransport } from "@aelyst/node/effect"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import * as Certificates from "../src/network/Certificates.ts"
import * as ConnectProxy from "../src/network/ConnectProxy.ts"
import type { Came, Settings } from "../src/network/Creating.ts"
import * as Creating from "../src/network/Creating.ts"
import * as Ports from "../src/network/Ports.ts"
import type { Script } from "../src/network/RawServer.ts"
import * as RawServer from "../src/network/RawServer.ts"

const { creating } = RawServer
const certificates = await Certificates.make()
const { ca, valid } = certificates
const ana = "email:ana@example.com"
const policies: ReadonlyArray<Delivery> = ["at-most-once", "natural-key"]

const serve = (script: Script, tls?: Parameters<typeof RawServer.start>[1], onPort = 0) =>
  Effect.acquireRelease(
    Effect.promise(() => RawServer.start(script, tls, onPort)),
    (server) => Effect.promise(() => server.close()),
  )

/** Returns a port that no other server gets once the server on it is gone. */
const ownPort = Effect.promise(Ports.own)

const kindOf = ({ error }: Came): string | undefined =>
  error?._tag === "ConnectionError" ? error.kind : error?._tag

/** Expects a call of which nothing left, with this number of attempts. */
const assertUnsent = (came: Came, kind: string, attempts: number) => {
  assert.strictEqual(came.to, "ConnectionError")
  assert.strictEqual(came.outcome, "not_sent")
  assert.strictEqual(kindOf(came), kind)
  assert.strictEqual(came.attempts.length, attempts)
  assert.isTrue(came.attempts.every(({ phase }) => phase === "connect"))
}

/** Fails to resolve a name this many times, then resolves it to this machine. */
const failingTimes = (times: number, code: string) => {
  let left = times
  const lookup: Settings["lookup"] = (_name, _options, done) => {
    if (left-- > 0) done(Object.assign(new Error(code), { code }), [])
    else done(null, [{ address: "127.0.0.1", family: 4 }])
  }
  return lookup
}

describe.concurrent("N1, a name that does not resolve", () => {
  for (const delivery of policies) {
    for (const code of ["EAI_AGAIN", "ENOTFOUND"]) {
      it.live(`is retried, and creates the contact once it resolves (${code}, ${delivery})`, () =>
        Effect.gen(function* () {
          const server = yield* serve(creating)
          const baseUrl = `http://somewhere.test:${server.port}/v1`
          const lookup = failingTimes(2, code)
          const client = yield* Creating.make(baseUrl, { lookup, delivery })
          const came = yield* client.create(ana)
          assert.strictEqual(came.to, "created")
          assert.deepStrictEqual(
            came.attempts.map(({ cause, status }) => cause ?? status),
            [code, code, 200],
          )
          assert.strictEqual(server.requests.length, 1)
        }),
      )
    }

    it.live(`ends as not_sent if it never resolves (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(creating)
        const baseUrl = `http://somewhere.test:${server.port}/v1`
        const lookup = failingTimes(100, "ENOTFOUND")
        const client = yield* Creating.make(baseUrl, { lookup, delivery, retries: 1 })
        assertUnsent(yield* client.create(ana), "dns", 2)
        assert.strictEqual(server.peers.length, 0)
      }),
    )
  }

  it.live("ends as not_sent for a name that cannot exist", () =>
    Effect.gen(function* () {
      const options = { retries: 1, timeoutMs: 400, clock: "real" } as const
      const client = yield* Creating.make("https://api.invalid/v1", options)
      const came = yield* client.create(ana)
      // if no resolver can be reached, the connect deadline ends the call
      assertUnsent(came, kindOf(came) === "timeout" ? "timeout" : "dns", 2)
    }),
  )
})

describe.concurrent("N2, a port that refuses connections", () => {
  for (const delivery of policies) {
    it.live(`is not sent (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve(creating, undefined, yield* ownPort)
        yield* Effect.promise(() => server.close())
        const client = yield* Creating.make(`${server.origin}/v1`, { retries: 1, delivery })
        assertUnsent(yield* client.create(ana), "connect", 2)
        assert.strictEqual(server.peers.length, 0)
      }),
    )

    it.live(`is retried, and creates the contact once the port opens (${delivery})`, () =>
      Effect.gen(function* () {
        const port = yield* ownPort
        let posts = 0
        const late = Net.createServer((socket) => {
          socket.on("data", () => {
            posts += 1
            const body = JSON.stringify(RawServer.created)
            socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
          })
        })
        yield* Effect.addFinalizer(() => Effect.sync(() => late.close()))
        const client = yield* Creating.make(`http://127.0.0.1:${port}/v1`, {
          delivery,
          callbacks: {
            onAttempt: ({ number }) => void (number === 1 && late.listen(port, "127.0.0.1")),
          },
        })
        const came = yield* client.create(ana)
        assert.strictEqual(came.to, "created")
        assert.strictEqual(came.attempts[0]?.cause, "ECONNREFUSED")
        assert.strictEqual(posts, 1)
      }),
    )
  }
})

describe.concurrent("N3, a host that does not respond at all", () => {
  /** Creates a stopped listener with a full backlog, so that the system drops every further SYN. */
  const blackHole = Effect.acquireRelease(
    Effect.promise(async () => {
      const script = `require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () { console.log(this.address().port) })`
      const child = spawn(process.execPath, ["--eval", script], {
        stdio: ["ignore", "pipe", "inherit"],
      })
      const port = await new Promise<number>((resolve) =>
        child.stdout.once("data", (data) => resolve(Number(data))),
      )
      child.kill("SIGSTOP")
      const fillers = Array.from({ length: 4 }, () => Net.connect({ host: "127.0.0.1", port }))
      for (const filler of fillers) filler.on("error", () => undefined)
      await Promise.all(
        fillers
          .slice(0, 2)
          .map((filler) => new Promise((resolve) => filler.once("connect", resolve))),
      )
      return { child, fillers, port }
    }),
    ({ child, fillers }) =>
      Effect.sync(() => {
        for (const filler of fillers) filler.destroy()
        child.kill("SIGKILL")
      }),
  )

  /** Creates once, and checks the deadline on a clock that passes without a wait. */
  const createAt = Effect.fnUntraced(function* (baseUrl: string, delivery: Delivery) {
    const client = yield* Creating.make(baseUrl, { retries: 0, delivery, ca })
    const fiber = yield* Effect.forkChild(client.create(ana), { startImmediately: true })
    yield* client.advance(4_999)
    assert.strictEqual(fiber.pollUnsafe(), undefined)
    yield* client.advance(1)
    const came = yield* Fiber.join(fiber)
    assertUnsent(came, "timeout", 1)
    assert.strictEqual(came.elapsedMs, 5_000)
  })

  for (const delivery of policies) {
    it.live(`ends as not_sent at 5 s (${delivery})`, () =>
      Effect.gen(function* () {
        const { port } = yield* blackHole
        yield* createAt(`http://127.0.0.1:${port}/v1`, delivery)
      }),
    )
  }

  it.live("ends as not_sent if it accepts and the TLS handshake stalls (N5)", () =>
    Effect.gen(function* () {
      const server = yield* serve(() => undefined)
      yield* createAt(`https://localhost:${server.port}/v1`, "at-most-once")
      assert.strictEqual(server.requests.length, 0)
    }),
  )
})

describe.concurrent("N4, a connection that is reset as soon as it is accepted", () => {
  for (const delivery of policies) {
    it.live(`is not resent once bytes may have left (${delivery})`, () =>
      Effect.gen(function* () {
        const server = yield* serve((peer) => peer.reset())
        const reset = Effect.fnUntraced(function* (n: number) {
          // a new client each time, because several failures in a row would open the circuit
          const client = yield* Creating.make(`${server.origin}/v1`, { delivery })
          return yield* client.create(`email:n${n}@example.com`)
        }, Effect.scoped)
        const all = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, n) => n),
          reset,
          { concurrency: 20 },
        )
        for (const { outcome, attempts } of all) {
          const doubts = attempts.filter(({ phase }) => phase !== "connect").length
          assert.strictEqual(outcome, doubts === 0 ? "not_sent" : "unknown")
          if (delivery === "at-most-once" && doubts > 0) {
            assert.strictEqual(doubts, 1)
            assert.notStrictEqual(attempts.at(-1)?.phase, "connect")
          } else assert.isAtMost(doubts, 2)
        }
        const attempts = all.reduce((sum, came) => sum + came.attempts.length, 0)
        assert.strictEqual(server.peers.length, attempts)
        assert.strictEqual(server.requests.length, 0)
      }),
    )
  }
})

describe.concurrent("N5, TLS", () => {
  const handshakes: Record<string, readonly [Script, kind: string]> = {
    "a reset in the handshake": [(peer) => peer.arrived(1).then(() => peer.reset()), "connect"],
    "a port that speaks plain HTTP": [
      (peer) => peer.arrived(1).then(() => peer.respond(400, "")),
      "tls",
    ],
    "a handshake that stalls": [() => undefined, "timeout"],
  }
  // waits for a deadline only if nothing else ends the call
  const stalling = { timeoutMs: 200, clock: "real" } as const
  for (const [name, [script, kind]] of Object.entries(handshakes)) {
    it.live(`sends nothing after ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(script)
        const client = yield* Creating.make(`https://localhost:${server.port}/v1`, {
          ca,
          retries: 1,
          ...(kind === "timeout" && stalling),
        })
        assertUnsent(yield* client.create(ana), kind, 2)
        assert.strictEqual(server.requests.length, 0)
      }),
    )
  }

  const untrusted: Record<string, Certificates.Pair> = {
    "self-signed": certificates.selfSigned,
    "out of date": certificates.expired,
    "for another host": certificates.otherHost,
  }
  for (const [name, pair] of Object.entries(untrusted)) {
    it.live(`tries once if the certificate is ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serve(creating, pair)
        const client = yield* Creating.make(`${server.origin}/v1`, { ca })
        assertUnsent(yield* client.create(ana), "certificate", 1)
        assert.strictEqual(server.requests.length, 0)
      }),
    )
  }

  for (const option of ["rejectUnauthorized", "insecure", "strictSSL"]) {
    it.effect(`has no option that trusts a self-signed certificate, such as ${option}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(makeTransport({ [option]: false }))
        assert.strictEqual(error.option, option)
      }),
    )
  }

  it.live("refuses a server that only supports TLS 1.0", () =>
    Effect.gen(function* () {
      const server = yield* serve(creating, {
        ...valid,
        minVersion: "TLSv1",
        maxVersion: "TLSv1",
        ciphers: "ALL@SECLEVEL=0",
      })
      const client = yield* Creating.make(`${server.origin}/v1`, { ca, retries: 0 })
      assertUnsent(yield* client.create(ana), "tls", 1)
      assert.strictEqual(server.requests.length, 0)
    }),
  )
})

/** Sets the given proxy variables for the scope, and unsets all others. */
const withVariables = (values: { readonly [name: string]: string }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      for (const name of ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"]) {
        delete process.env[name]
      }
      Object.assign(process.env, values)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        process.env = before
      }),
  )

describe("N6, a proxy", () => {
  /** Configured by the options, or by the standard variable. */
  const ways = ["by its URL", "by HTTPS_PROXY"] as const
  const setUp = Effect.fnUntraced(function* (
    way: (typeof ways)[number],
    options: ConnectProxy.ConnectProxyOptions,
  ) {
    const server = yield* serve(creating, valid)
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => ConnectProxy.start({ port: server.port, ...options })),
      (running) => Effect.promise(() => running.close()),
    )
    if (way === "by HTTPS_PROXY") yield* withVariables({ HTTPS_PROXY: proxy.url })
    const client = yield* Creating.make("https://api.example.test/v1", {
      ca,
      proxy: way === "by HTTPS_PROXY" ? "env" : proxy.url,
      retries: 1,
      ...(options.stall === true && ({ timeoutMs: 200, clock: "real" } as const)),
    })
    return { server, proxy, client }
  })

  const failing: Record<string, readonly [ConnectProxy.ConnectProxyOptions, string, number]> = {
    "that requires a password": [{ credentials: "user:password" }, "proxy_auth", 1],
    "that responds with 503": [{ status: 503 }, "proxy", 2],
    "with an untrusted certificate": [{ tls: certificates.selfSigned }, "certificate", 1],
    "that never responds": [{ stall: true }, "timeout", 2],
  }
  for (const way of ways) {
    it.live(`carries a create without seeing the token (${way})`, () =>
      Effect.gen(function* () {
        const { server, proxy, client } = yield* setUp(way, {})
        assert.strictEqual((yield* client.create(ana)).to, "created")
        assert.strictEqual(server.requests.length, 1)
        assert.strictEqual(proxy.asked.length, 1)
        assert.notInclude(JSON.stringify([proxy.asked, proxy.others]), Creating.token)
      }),
    )

    for (const [name, [options, kind, attempts]] of Object.entries(failing)) {
      it.live(`${name} prevents any request (${way})`, () =>
        Effect.gen(function* () {
          const { server, proxy, client } = yield* setUp(way, options)
          assertUnsent(yield* client.create(ana), kind, attempts)
          assert.strictEqual(server.requests.length, 0)
          assert.notInclude(JSON.stringify([proxy.asked, proxy.others]), Creating.token)
          yield* Effect.promise(() => proxy.idle())
        }),
      )
    }

    it.live(`prevents any request while it is down (${way})`, () =>
      Effect.gen(function* () {
        const { server, proxy, client } = yield* setUp(way, { onPort: yield* ownPort })
        yield* Effect.promise(() => proxy.close())
        assertUnsent(yield* client.create(ana), "proxy", 2)
        assert.strictEqual(server.requests.length, 0)
      }),
    )
  }
})
