import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { Sandbox } from "@aelyst/sandbox"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as Certificates from "../../../apps/conformance/src/network/Certificates.ts"
import * as ConnectProxy from "../../../apps/conformance/src/network/ConnectProxy.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import * as Connection from "../src/Connection.ts"
import { Host } from "../src/Host.ts"
import { Screen } from "../src/Screen.ts"
import { captured } from "./captured.ts"
import { Home, aelyst } from "./process.ts"

const certificates = await Certificates.make()
const token = "canary_token_Zx81qQ"
const person = ["--first-name", "Ana"]
const create = ["create", "id:tls", "--first-name", "Ana"]
const home = new Home()
const ca = join(home.path, "ca.pem")
let server: RawServer.RawServer
let selfSigned: RawServer.RawServer
let sandbox: Sandbox

beforeAll(async () => {
  writeFileSync(ca, certificates.ca)
  server = await RawServer.start(RawServer.creating, certificates.valid)
  sandbox = await Sandbox.start({ extraTokens: { [token]: {} } })
  selfSigned = await RawServer.start(RawServer.creating, certificates.selfSigned)
})
afterAll(async () => {
  await server.close()
  await selfSigned.close()
  await sandbox[Symbol.asyncDispose]()
  home[Symbol.dispose]()
})

const env = (baseUrl: string, more: Readonly<Record<string, string>> = {}) => ({
  HOME: home.path,
  AELYST_TOKEN: token,
  AELYST_BASE_URL: baseUrl,
  NODE_EXTRA_CA_CERTS: ca,
  ...more,
})

describe.concurrent("over https a create", () => {
  it("trusts a certificate in NODE_EXTRA_CA_CERTS", async () => {
    const { code, stdout, stderr } = await aelyst(create, { env: env(`${server.origin}/v1`) })
    assert.deepStrictEqual([code, stdout, stderr], [0, "created\tid:tls\n", ""])
  })

  it("sends nothing to a server whose certificate is not trusted, and does not retry", async () => {
    const { code, stdout, stderr } = await aelyst(create, { env: env(`${selfSigned.origin}/v1`) })
    assert.strictEqual(code, 8)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "DEPTH_ZERO_SELF_SIGNED_CERT")
    assert.include(stderr, "nothing was sent")
    assert.notInclude(stderr, "retry")
    assert.lengthOf(selfSigned.requests, 0)
  })

  it("goes through HTTPS_PROXY, says so only with -v, and shows the proxy no token", async () => {
    await using proxy = await ConnectProxy.start({ port: server.port })
    const more = { HTTPS_PROXY: proxy.url }
    const options = { env: env("https://api.example.test/v1", more) }
    const silent = await aelyst(create, options)
    assert.deepStrictEqual([silent.code, silent.stderr], [0, ""])
    const told = await aelyst([...create, "-v"], options)
    assert.strictEqual(told.code, 0)
    assert.include(told.stderr, "HTTPS_PROXY")
    assert.notInclude(told.stderr, token)
    assert.strictEqual(proxy.asked[0]?.authority, "api.example.test:443")
    assert.notInclude(JSON.stringify(proxy.asked), token)
    assert.lengthOf(proxy.others, 0)
  })

  it("says that the proxy wants a password", async () => {
    await using proxy = await ConnectProxy.start({ port: server.port, credentials: "me:secret" })
    const { code, stdout, stderr } = await aelyst([...create, "--json"], {
      env: env("https://api.example.test/v1", { HTTPS_PROXY: proxy.url }),
    })
    assert.strictEqual(code, 8)
    assert.strictEqual(stdout, "")
    assert.nestedPropertyVal(JSON.parse(stderr), "error.outcome", "not_sent")
    assert.include(stderr, "PROXY_AUTHENTICATION_REQUIRED")
  })
})

describe("proxyVariable", () => {
  it("prefers the variable in lower case, and ignores an empty one", () => {
    const proxies = { https_proxy: "http://a", HTTPS_PROXY: "http://b" }
    assert.strictEqual(Connection.proxyVariable(proxies), "https_proxy")
    assert.strictEqual(Connection.proxyVariable({ ...proxies, https_proxy: "" }), "HTTPS_PROXY")
    assert.isUndefined(Connection.proxyVariable({ http_proxy: "http://c" }))
  })
})

describe("announce", () => {
  const settings = {
    baseUrl: "https://api.example.com/v1",
    profile: "prod",
    host: "api.example.com",
  }
  const announced = (
    more: Readonly<Record<string, string>>,
    verbose: boolean,
    baseUrl?: string,
  ) => {
    const { printer, streams, written } = captured()
    const host = Host.of({ env: more, cwd: "/", stdin: (async function* () {})(), ...streams })
    const call = { ...settings, ...(baseUrl !== undefined && { baseUrl }) }
    Effect.runSync(
      Connection.announce(call, "AELYST_TOKEN", verbose).pipe(
        Effect.provideService(Host, host),
        Effect.provideService(Screen, printer),
      ),
    )
    return written.stderr
  }

  it("is silent without -v", () => {
    assert.strictEqual(announced({ HTTPS_PROXY: "http://proxy" }, false), "")
  })

  it("names with -v the source of the token, and the proxy for https only", () => {
    const source = "token from AELYST_TOKEN, profile prod, host api.example.com\n"
    const proxy = "proxy from HTTPS_PROXY, unless NO_PROXY lists the host\n"
    const more = { HTTPS_PROXY: "http://proxy" }
    assert.strictEqual(announced(more, true), proxy + source)
    assert.strictEqual(announced(more, true, "http://localhost/v1"), source)
    assert.strictEqual(announced({}, true), source)
  })
})

describe.concurrent("the connections of a command", () => {
  it("connects to and looks up only the host of the base URL", async () => {
    using folder = new Home()
    const log = join(folder.path, "connections")
    const hook = join(folder.path, "hook.mjs")
    writeFileSync(
      hook,
      `import dns from "node:dns"
import { appendFileSync } from "node:fs"
import net from "node:net"
import { syncBuiltinESMExports } from "node:module"
const note = (what) => appendFileSync(${JSON.stringify(log)}, what + "\\n")
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  note(options.path ?? options.host + ":" + options.port)
  return connect.apply(this, args)
}
for (const name of ["lookup", "resolve"]) {
  const original = dns[name]
  dns[name] = (...args) => (note("dns " + args[0]), original(...args))
}
syncBuiltinESMExports()
`,
    )
    const variables = {
      HOME: folder.path,
      AELYST_TOKEN: token,
      AELYST_BASE_URL: sandbox.baseUrl,
      NODE_OPTIONS: `--import=file://${hook}`,
    }
    const { host } = new URL(sandbox.baseUrl)
    const seen = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [])
    for (const args of [["--help"], ["config", "list"], ["errors"], ["auth", "status"]]) {
      assert.strictEqual((await aelyst(args, { env: variables })).code, 0)
    }
    assert.deepStrictEqual(seen(), [])
    const created = await aelyst(["create", "id:network", ...person], { env: variables })
    assert.strictEqual(created.code, 0, created.stderr)
    assert.deepStrictEqual(seen(), [host])
    assert.strictEqual((await aelyst(["doctor"], { env: variables })).code, 0)
    assert.deepStrictEqual(new Set(seen()), new Set([host]))
  })

  it("warns if certificates are not checked, even with --quiet", async () => {
    const variables = {
      AELYST_TOKEN: token,
      AELYST_BASE_URL: sandbox.baseUrl,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    }
    const { code, stderr } = await aelyst(["create", "id:tls", ...person, "--quiet"], {
      env: variables,
    })
    assert.strictEqual(code, 0)
    assert.include(stderr, "warning: NODE_TLS_REJECT_UNAUTHORIZED=0")
    const doctor = await aelyst(["doctor"], { env: variables })
    assert.strictEqual(doctor.code, 2)
    assert.include(doctor.stdout, "no\tcertificates")
  })
})
