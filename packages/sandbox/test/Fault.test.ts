import { assert, describe, it } from "@effect/vitest"

import { Sandbox } from "../src/Sandbox.ts"
import { Faults, applyFault, commits } from "../src/api/Fault.ts"
import * as ApiResponse from "../src/api/Response.ts"
import type { FaultSpec } from "../src/types.ts"
import { create } from "./client.ts"

const start = () => Sandbox.start({ clock: "virtual", limit: 1000 })

const statuses = async (
  sandbox: Sandbox,
  identifiers: ReadonlyArray<string>,
  headers: Record<string, string> = {},
) => {
  const seen: Array<number> = []
  for (const identifier of identifiers) {
    seen.push((await create(sandbox, identifier, { firstName: "Ana" }, { headers })).status)
  }
  return seen
}

describe("a fault from code", () => {
  it("hits its number of requests and is listed with the number left", async () => {
    await using sandbox = await start()
    const { id } = sandbox.fail({ status: 500, times: 2 })
    assert.deepStrictEqual(await statuses(sandbox, ["id:1"]), [500])
    assert.deepInclude(sandbox.faults()[0], { id, name: "500", hits: 1, left: 1 })
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:1"]), [500, 200])
  })

  it("hits only the identifier, the prefix or the token that it names", async () => {
    await using sandbox = await start()
    sandbox.fail({ status: 400, match: { identifier: "id:1" } })
    sandbox.fail({ status: 500, match: { identifier: "email:b*" } })
    sandbox.fail({ status: 503, match: { token: "sandbox_slow" } })
    assert.deepStrictEqual(
      await statuses(sandbox, ["id:1", "id:10", "email:bo@example.com", "email:ana@example.com"]),
      [400, 200, 500, 200],
    )
  })

  it("matches an email whatever the case of its domain", async () => {
    await using sandbox = await start()
    sandbox.fail({ status: 500, match: { identifier: "email:ana@example.com" } })
    assert.deepStrictEqual(await statuses(sandbox, ["email:ana@EXAMPLE.com"]), [500])
  })

  it("is removed by clearFaults and by reset, except for the initial faults", async () => {
    await using sandbox = await Sandbox.start({ faults: ["500-x1"] })
    const { id } = sandbox.fail("400")
    assert.isTrue(sandbox.clearFaults(id))
    assert.isFalse(sandbox.clearFaults(id))
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:2"]), [500, 200])
    sandbox.fail("400")
    sandbox.reset()
    assert.deepStrictEqual(await statuses(sandbox, ["id:1", "id:2"]), [500, 200])
  })
})

const hits = async (fault: FaultSpec) => {
  const sandbox = Sandbox.inProcess({ limit: 100_000, existing: "duplicate" })
  sandbox.fail(fault)
  let pattern = ""
  for (let n = 0; n < 400; n++) {
    const { status } = await sandbox.fetch(`${sandbox.baseUrl}/contact/id:1`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
    })
    pattern += status === 500 ? "x" : "."
  }
  return pattern
}

describe("the probability of a fault", () => {
  it("hits about its share of the requests, the same ones for the same seed", async () => {
    const first = await hits({ status: 500, probability: 0.25, seed: 7 })
    assert.strictEqual(await hits({ status: 500, probability: 0.25, seed: 7 }), first)
    assert.notStrictEqual(await hits({ status: 500, probability: 0.25, seed: 8 }), first)
    const count = first.replaceAll(".", "").length
    assert.isTrue(count > 70 && count < 130, `${count} of 400`)
  })
})

describe("an invalid fault", () => {
  it.each<[string, unknown]>([
    ["an unknown preset", "teapot"],
    ["an unknown modifier", "429-often"],
    ["an invalid status", { status: 99 }],
    ["a header that would break the head", { status: 400, headers: { "x-a": "1\r\nx-b: 2" } }],
    ["a probability above 1", { status: 500, probability: 2 }],
    ["an unknown member", { statsu: 500 }],
  ])("is rejected for %s with a TypeError and its code", async (_, fault) => {
    const sandbox = Sandbox.inProcess()
    try {
      // safe: what is passed is wrong on purpose
      sandbox.fail(fault as FaultSpec)
      assert.fail("it was accepted")
    } catch (error) {
      assert.instanceOf(error, TypeError)
      assert.propertyVal(error, "code", "ERR_AELYST_CONFIG")
    }
  })
})

describe("applyFault", () => {
  const normal = ApiResponse.make(200, { "x-a": "1" })

  it("returns the response unchanged without a fault", () => {
    assert.strictEqual(applyFault(normal, undefined), normal)
  })

  it("adds Retry-After to a 429, unless the fault omits it", () => {
    assert.strictEqual(applyFault(normal, { status: 429 }).headers["retry-after"], "1")
    assert.notProperty(applyFault(normal, { status: 429, retryAfter: null }).headers, "retry-after")
  })

  it("replaces body and headers, and sends a redirect to the trap", () => {
    const response = applyFault(normal, { status: 302, body: { a: 1 }, headers: { "X-B": "2" } })
    assert.deepStrictEqual(response, {
      status: 302,
      body: '{"a":1}',
      headers: {
        "content-type": "application/json",
        "x-a": "1",
        "x-b": "2",
        location: "/v1/redirected",
      },
    })
  })
})

describe("commits", () => {
  it.each<[FaultSpec, boolean]>([
    [{}, true],
    [{ status: 201 }, true],
    [{ status: 300 }, false],
    [{ status: 500, commit: true }, true],
    [{ raw: "x" }, false],
    [{ delivery: "drop" }, true],
  ])("says for %j: %s", (spec, expected) => {
    assert.strictEqual(commits(spec), expected)
  })
})

describe("Faults", () => {
  it("prefers the header to the identifier, and the identifier to rules", () => {
    const faults = new Faults(1, ["503"])
    const subject = {
      identifier: undefined,
      key: undefined,
      token: "sandbox_ok",
      header: undefined,
    }
    const key = "email:500@sandbox.test"
    assert.strictEqual(faults.take({ ...subject, key, header: "respond=400" })?.name, "400")
    assert.strictEqual(faults.take({ ...subject, key })?.name, "500")
    assert.strictEqual(faults.take(subject)?.name, "503")
  })
})
