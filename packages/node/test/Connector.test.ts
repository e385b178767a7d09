import { once } from "node:events"
import * as Net from "node:net"
import { TLSSocket } from "node:tls"

import { type TransportProbe, makeTransportProbe } from "@aelyst/core/transport"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"

import * as Certificates from "../../../apps/conformance/src/network/Certificates.ts"
import type { ConnectProxyOptions } from "../../../apps/conformance/src/network/ConnectProxy.ts"
import * as ConnectProxy from "../../../apps/conformance/src/network/ConnectProxy.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import type { Script } from "../../../apps/conformance/src/network/RawServer.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import type { TryCreateResult } from "../src/index.ts"
import { Aelyst } from "../src/index.ts"
import * as Transport from "../src/transport/Transport.ts"
import { exchange, phase, serve, token } from "./exchange.ts"

const { creating } = RawServer
const certificates = await Certificates.make()
const { ca, valid } = certificates

const serveTls = (script: Script, tls: Parameters<typeof RawServer.start>[1] = valid) =>
  serve(script, tls)

/** Passes connections on to a port, after it has held back what the client sends first; returns its own port. */
const relay = (port: number, heldMs: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const relaying = Net.createServer((client) => {
          const upstream = Net.connect(port, "127.0.0.1")
          for (const socket of [client, upstream]) socket.on("error", () => undefined)
          upstream.pipe(client)
          setTimeout(() => client.pipe(upstream), heldMs)
        }).listen(0, "127.0.0.1")
        await once(relaying, "listening")
        return relaying
      }),
      (relaying) => Effect.sync(() => relaying.close()),
    ),
    // safe: it listens on a port
    (relaying) => (relaying.address() as Net.AddressInfo).port,
  )

describe("Connector.make without TLS", () => {
  it.live("reports a request as unsent if the server does not listen", () =>
    Effect.gen(function* () {
      const server = yield* serve(creating, undefined, yield* Effect.promise(Ports.own))
      yield* Effect.promise(() => server.close())
      const http = yield* Transport.make({ baseUrl: server.origin })
      const outcome = yield* exchange(http, server.origin)
      assert.strictEqual(outcome.code, "ECONNREFUSED")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("reports a request as unsent if the host name is not found", () =>
    Effect.gen(function* () {
      const origin = "http://nowhere.invalid"
      const failure = Object.assign(new Error("not found"), { code: "ENOTFOUND" })
      const lookup: Transport.TransportOptions["lookup"] = (_name, _options, done) =>
        done(failure, [])
      const http = yield* Transport.make({ baseUrl: origin, lookup })
      const outcome = yield* exchange(http, origin)
      assert.strictEqual(outcome.code, "ENOTFOUND")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("reaches a host whose first address is dead (R14)", () =>
    Effect.gen(function* () {
      const server = yield* serve(creating)
      const { port } = new URL(server.origin)
      const origin = `http://two-addresses.test:${port}`
      const addresses = [
        // no host has an address of this block, and nothing listens on the next
        { address: "192.0.2.1", family: 4 },
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ]
      const http = yield* Transport.make({
        baseUrl: origin,
        lookup: (_name, _options, done) => done(null, addresses),
      })
      assert.strictEqual((yield* exchange(http, origin)).status, 200)
    }),
  )

  it.live("reports a request as unsent if too many files are open", () =>
    Effect.gen(function* () {
      // the error that the system reports when the socket connects
      const origin = "http://somewhere.test"
      const full = Object.assign(new Error("connect EMFILE"), { code: "EMFILE" })
      const http = yield* Transport.make({
        baseUrl: origin,
        lookup: (_name, _options, done) => done(full, []),
      })
      const outcome = yield* exchange(http, origin)
      assert.strictEqual(outcome.code, "EMFILE")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )
})

describe("Connector.make over TLS", () => {
  it.live("sends requests over TLS and keeps the connection", () =>
    Effect.gen(function* () {
      const server = yield* serveTls(creating)
      const http = yield* Transport.make({ baseUrl: server.origin, ca })
      assert.strictEqual((yield* exchange(http, server.origin)).status, 200)
      assert.strictEqual((yield* exchange(http, server.origin)).status, 200)
      assert.strictEqual(server.peers.length, 1)
    }),
  )

  for (const dead of ["before", "after"] as const) {
    it.live(
      `R14: waits for a handshake of 400 ms ${dead === "after" ? "before" : "after"} a dead address`,
      () =>
        Effect.gen(function* () {
          const server = yield* serveTls(creating)
          const port = Number(new URL(server.origin).port)
          const slow = yield* relay(port, 400)
          // no host has an address of this block
          const addresses = [{ address: "192.0.2.1", family: 4 }]
          addresses.splice(dead === "before" ? 1 : 0, 0, { address: "127.0.0.1", family: 4 })
          const origin = `https://localhost:${slow}`
          const http = yield* Transport.make({
            baseUrl: origin,
            ca,
            lookup: (_name, _options, done) => done(null, addresses),
          })
          assert.strictEqual((yield* exchange(http, origin)).status, 200)
          assert.strictEqual(server.requests.length, 1)
        }),
    )
  }

  it.live("resumes the TLS session on the next connection", () =>
    Effect.gen(function* () {
      const server = yield* serveTls(creating)
      const http = yield* Transport.make({ baseUrl: server.origin, ca, idleMs: 30 })
      yield* exchange(http, server.origin)
      const first = yield* Effect.promise(() => server.connected(1))
      yield* Effect.promise(() => first.closed)
      yield* exchange(http, server.origin)
      const second = yield* Effect.promise(() => server.connected(2))
      assert.instanceOf(second.socket, TLSSocket)
      assert.isTrue(second.socket.isSessionReused())
    }),
  )

  const refused: Record<string, readonly [Certificates.Pair, string | undefined, string]> = {
    "signed by an unknown authority": [valid, undefined, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    "self-signed": [certificates.selfSigned, ca, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    "out of date": [certificates.expired, ca, "CERT_HAS_EXPIRED"],
    "for another host": [certificates.otherHost, ca, "ERR_TLS_CERT_ALTNAME_INVALID"],
  }
  for (const [name, [pair, trusted, code]] of Object.entries(refused)) {
    it.live(`reports a request as unsent if the certificate is ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* serveTls(creating, pair)
        const http = yield* Transport.make({
          baseUrl: server.origin,
          ...(trusted !== undefined && { ca: trusted }),
        })
        const outcome = yield* exchange(http, server.origin)
        assert.strictEqual(outcome.code, code)
        assert.strictEqual(phase(outcome), "unsent")
        assert.strictEqual(server.requests.length, 0)
      }),
    )
  }

  const broken: Record<string, Script> = {
    "resets the connection in the handshake": async (peer) => {
      await peer.arrived(1)
      peer.reset()
    },
    "closes the connection in the handshake": async (peer) => {
      await peer.arrived(1)
      peer.end()
    },
    "speaks plain HTTP": async (peer) => {
      await peer.arrived(1)
      await peer.respond(400, "")
    },
  }
  for (const [name, script] of Object.entries(broken)) {
    it.live(`reports a request as unsent if the server ${name}`, () =>
      Effect.gen(function* () {
        const plain = yield* Effect.acquireRelease(
          Effect.promise(() => RawServer.start(script)),
          (raw) => Effect.promise(() => raw.close()),
        )
        const origin = `https://localhost:${plain.port}`
        const http = yield* Transport.make({ baseUrl: origin, ca })
        const outcome = yield* exchange(http, origin)
        assert.isDefined(outcome.code)
        assert.strictEqual(phase(outcome), "unsent")
      }),
    )
  }

  it.live("refuses a server that supports only TLS 1.0", () =>
    Effect.gen(function* () {
      const old = { ...valid, minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "ALL@SECLEVEL=0" }
      // safe: the literals are versions that Node knows
      const server = yield* serveTls(creating, old as Parameters<typeof RawServer.start>[1])
      const http = yield* Transport.make({ baseUrl: server.origin, ca })
      const outcome = yield* exchange(http, server.origin)
      assert.strictEqual(outcome.code, "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )
})

const create = (baseUrl: string, proxy: string | false) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Aelyst({ baseUrl, proxy, token, retries: 3 })),
    (aelyst) => Effect.promise(() => aelyst.contacts.tryCreate("id:5", { firstName: "Ana" })),
    (aelyst) => Effect.promise(() => aelyst.close()),
  )
const assertOnce = (tried: TryCreateResult) => {
  if (tried.ok || tried.aborted) return assert.fail("the create did not fail")
  const { error } = tried
  assert(error.name === "ConnectionError")
  assert.deepStrictEqual([error.kind, error.attempts.length], ["certificate", 1])
}

describe("Aelyst with an untrusted certificate", () => {
  it.live("ends a create after one attempt: of the API", () =>
    Effect.gen(function* () {
      const server = yield* serveTls(creating, certificates.selfSigned)
      assertOnce(yield* create(server.origin, false))
    }),
  )

  it.live("ends a create after one attempt: of the proxy", () =>
    Effect.gen(function* () {
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => ConnectProxy.start({ tls: certificates.selfSigned })),
        (running) => Effect.promise(() => running.close()),
      )
      assertOnce(yield* create("https://api.example.test/v1", proxy.url))
    }),
  )
})

describe("Connector.make through a proxy", () => {
  /** Starts an https server that only the proxy can reach, as api.example.test. */
  const setUp = Effect.fnUntraced(function* (
    options: ConnectProxyOptions = {},
    script: Script = creating,
    userinfo = "",
  ) {
    const server = yield* serveTls(script)
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => ConnectProxy.start({ port: server.port, ...options })),
      (running) => Effect.promise(() => running.close()),
    )
    const origin = "https://api.example.test"
    const url = proxy.url.replace("://", `://${userinfo}`)
    const http = yield* Transport.make({ baseUrl: origin, proxy: url, ca })
    return { server, proxy, http, send: (probe?: TransportProbe) => exchange(http, origin, probe) }
  })

  it.live("shows the proxy neither token nor path", () =>
    Effect.gen(function* () {
      const { server, proxy, send } = yield* setUp()
      assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(server.requests.length, 2)
      assert.strictEqual(proxy.asked.length, 1)
      assert.strictEqual(proxy.asked[0]?.authority, "api.example.test:443")
      assert.notInclude(JSON.stringify(proxy.asked), token)
      assert.deepStrictEqual(proxy.others, [])
    }),
  )

  it.live("reaches the proxy over TLS if its URL is https", () =>
    Effect.gen(function* () {
      const { proxy, send } = yield* setUp({ tls: valid })
      assert.strictEqual((yield* send()).status, 200)
      assert.strictEqual(proxy.asked.length, 1)
    }),
  )

  it.live("sends user and password of the proxy only to the proxy", () =>
    Effect.gen(function* () {
      const credentials = "us er:p@ss"
      const { server, proxy, send } = yield* setUp({ credentials }, creating, "us%20er:p%40ss@")
      assert.strictEqual((yield* send()).status, 200)
      assert.isString(proxy.asked[0]?.headers["proxy-authorization"])
      assert.isUndefined(server.requests[0]?.headers["proxy-authorization"])
    }),
  )

  const failing: Record<string, readonly [ConnectProxyOptions, string]> = {
    "wants a password": [{ credentials: "user:password" }, "PROXY_AUTHENTICATION_REQUIRED"],
    "refuses to connect": [{ status: 502 }, "PROXY_HTTP_502"],
    "refuses to connect, in words (V15)": [{ status: 403, body: "<html>no" }, "PROXY_HTTP_403"],
    "fails, in words (V15)": [{ status: 502, body: "bad gateway" }, "PROXY_HTTP_502"],
    "puts bytes before the tunnel": [{ garbage: "hello" }, "PROXY_PROTOCOL"],
  }
  for (const [name, [options, code]] of Object.entries(failing)) {
    it.live(`reports a request as unsent if the proxy ${name}`, () =>
      Effect.gen(function* () {
        const { server, proxy, send } = yield* setUp(options)
        const outcome = yield* send()
        assert.strictEqual(outcome.code, code)
        assert.strictEqual(phase(outcome), "unsent")
        assert.strictEqual(server.requests.length, 0)
        yield* Effect.promise(() => proxy.idle())
      }),
    )
  }

  it.live("reports a request as unsent if the proxy does not listen", () =>
    Effect.gen(function* () {
      const { proxy, send } = yield* setUp({ onPort: yield* Effect.promise(Ports.own) })
      yield* Effect.promise(() => proxy.close())
      const outcome = yield* send()
      assert.strictEqual(outcome.code, "PROXY_ECONNREFUSED")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("reports a request as unsent if the certificate of the proxy is not trusted", () =>
    Effect.gen(function* () {
      const { send } = yield* setUp({ tls: certificates.selfSigned })
      const outcome = yield* send()
      assert.strictEqual(outcome.code, "PROXY_DEPTH_ZERO_SELF_SIGNED_CERT")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("closes its connection to a proxy that never responds when it is interrupted", () =>
    Effect.gen(function* () {
      const { proxy, send } = yield* setUp({ stall: true })
      const probe = makeTransportProbe()
      const fiber = yield* Effect.forkChild(send(probe))
      yield* Effect.promise(() => proxy.askedTimes(1))
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => proxy.idle())
      assert.isTrue(probe.unsent)
    }),
  )

  it.live("closes its tunnel in the TLS handshake when it is interrupted", () =>
    Effect.gen(function* () {
      const silent = yield* Effect.acquireRelease(
        Effect.promise(() => RawServer.start(() => undefined)),
        (server) => Effect.promise(() => server.close()),
      )
      const { proxy, send } = yield* setUp({ port: silent.port })
      const probe = makeTransportProbe()
      const fiber = yield* Effect.forkChild(send(probe))
      const peer = yield* Effect.promise(() => silent.connected(1))
      yield* Effect.promise(() => peer.arrived(1))
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => peer.closed)
      yield* Effect.promise(() => proxy.idle())
      assert.isTrue(probe.unsent)
    }),
  )

  it.live("checks the certificate of the target behind the proxy", () =>
    Effect.gen(function* () {
      const other = yield* serveTls(creating, certificates.otherHost)
      const { send } = yield* setUp({ port: other.port })
      const outcome = yield* send()
      assert.strictEqual(outcome.code, "ERR_TLS_CERT_ALTNAME_INVALID")
      assert.strictEqual(phase(outcome), "unsent")
    }),
  )

  it.live("reaches this machine without the proxy", () =>
    Effect.gen(function* () {
      const server = yield* serveTls(creating)
      const { proxy } = yield* setUp()
      const http = yield* Transport.make({ baseUrl: server.origin, proxy: proxy.url, ca })
      assert.strictEqual((yield* exchange(http, server.origin)).status, 200)
      assert.strictEqual(proxy.asked.length, 0)
    }),
  )
})
