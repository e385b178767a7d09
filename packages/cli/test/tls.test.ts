import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import * as Certificates from "../../../apps/conformance/src/network/Certificates.ts"
import * as ConnectProxy from "../../../apps/conformance/src/network/ConnectProxy.ts"
import * as RawServer from "../../../apps/conformance/src/network/RawServer.ts"
import { Home, aelyst } from "./process.ts"

const certificates = await Certificates.make()
const token = "canary_token_Zx81qQ"
const create = ["create", "id:tls", "--first-name", "Ana"]
const home = new Home()
const ca = join(home.path, "ca.pem")
let server: RawServer.RawServer
let selfSigned: RawServer.RawServer

beforeAll(async () => {
  writeFileSync(ca, certificates.ca)
  server = await RawServer.start(RawServer.creating, certificates.valid)
  selfSigned = await RawServer.start(RawServer.creating, certificates.selfSigned)
})
afterAll(async () => {
  await server.close()
  await selfSigned.close()
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
  it("works with a certificate that NODE_EXTRA_CA_CERTS vouches for", async () => {
    const { code, stdout, stderr } = await aelyst(create, { env: env(`${server.origin}/v1`) })
    assert.deepStrictEqual([code, stdout, stderr], [0, "created\tid:tls\n", ""])
  })

  it("sends nothing to whom nobody vouches for, and does not try again", async () => {
    const { code, stdout, stderr } = await aelyst(create, { env: env(`${selfSigned.origin}/v1`) })
    assert.strictEqual(code, 8)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "DEPTH_ZERO_SELF_SIGNED_CERT")
    assert.include(stderr, "nothing was sent")
    assert.notInclude(stderr, "retry")
    assert.lengthOf(selfSigned.requests, 0)
  })

  it("goes through HTTPS_PROXY, says so with -v alone, and shows the proxy no token", async () => {
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
