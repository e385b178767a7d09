import { assert, describe, it } from "@effect/vitest"

import type { AelystOptions } from "../src/index.ts"
import { isAelystError } from "../src/index.ts"
import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { ana, rejection, setUp } from "./sandboxed.ts"

describe("FetchTransport", () => {
  it("follows no redirects, and counts every failure of the network as unknown", async () => {
    const seen: Array<RequestInit | undefined> = []
    const transport: AelystOptions["transport"] = (input, init) => {
      seen.push(init)
      return fetch(input, init)
    }
    await using at = await setUp({ transport, retries: 0 }, { port: await Ports.own() })
    assert.strictEqual((await at.aelyst.contacts.create("id:5", ana)).result, "created")
    assert.strictEqual(seen[0]?.redirect, "manual")
    at.sandbox.fail({ status: 302, times: 1 })
    const moved = await rejection(at.aelyst.contacts.create("id:6", ana))
    assert.isTrue(isAelystError(moved) && moved.outcome === "unknown")
    await at.sandbox.close()
    const refused = await rejection(at.aelyst.contacts.create("id:7", ana))
    assert.isTrue(isAelystError(refused) && refused.name === "OutcomeUnknownError")
  })
})
