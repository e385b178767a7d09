import { inspect } from "node:util"

import { assert, describe, it } from "@effect/vitest"

import { Aelyst, isAelystError } from "../src/index.ts"
import { setUp } from "./sandboxed.ts"

const canary = {
  token: "canary-token-4711",
  local: "canary.person",
  name: "Canaria",
  last: "Finchley",
  value: "canary value",
}
const contact = {
  firstName: canary.name,
  lastName: canary.last,
  customFields: { Note: canary.value },
}

const sinks = (value: unknown): string => {
  const cloned = (() => {
    try {
      return inspect(structuredClone(value), { depth: 20 })
    } catch {
      return ""
    }
  })()
  return [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    value instanceof Error ? `${value.stack} ${inspect(value.cause)}` : "",
    cloned,
  ].join("\n")
}

const clean = (text: string, where: string, origin: string) => {
  for (const secret of [...Object.values(canary), origin]) {
    assert.notInclude(text, secret, where)
  }
}

describe("errors, hooks and logs", () => {
  it("show no token, no address and no value of a contact", async () => {
    const lines: Array<string> = []
    const hooked: Array<unknown> = []
    await using at = await setUp(
      {
        token: canary.token,
        retries: 0,
        timeoutMs: 200,
        logger: ({ message }) => lines.push(message),
        hooks: {
          onAttempt: (attempt) => hooked.push(attempt),
          onWait: (wait) => hooked.push(wait),
          onOutcome: (end) => {
            hooked.push(end)
            throw new Error(canary.local)
          },
        },
      },
      { extraTokens: { [canary.token]: {} } },
    )
    const { aelyst, sandbox } = at
    clean(sinks(aelyst), "the client", sandbox.origin)
    clean(sinks(aelyst.contacts), "the contacts", sandbox.origin)
    const faults =
      "400 401 403 404 409 429 500 503 302 html-502 portal badjson empty other-code object-message " +
      "drop fin garbage truncate-length truncate-chunked stall stall-body"
    // the API's own words may quote the contact
    const body = { code: 400, message: `${canary.local}@example.com is taken, ${canary.name}` }
    const specs = [
      ...faults.split(" ").map((preset) => ({ preset, times: 1 })),
      { status: 400, body, times: 1 },
      { status: 403, body, times: 1 },
    ]
    let errors = 0
    for (const [index, spec] of specs.entries()) {
      sandbox.fail(spec)
      const tried = await aelyst.contacts.tryCreate(
        `email:${canary.local}${index}@example.com`,
        contact,
      )
      assert.isFalse(tried.ok, JSON.stringify(spec))
      if (tried.ok || !isAelystError(tried.error)) continue
      errors += 1
      clean(sinks(tried.error), tried.error.name, sandbox.origin)
    }
    assert.strictEqual(errors, specs.length)
    const invalid = aelyst.contacts.validate(`email:${canary.local}@@`, {
      ...contact,
      phone: canary.value,
      [canary.local]: 1,
    })
    assert.isFalse(invalid.ok)
    clean(sinks(invalid), "the issues", sandbox.origin)
    clean(sinks([lines, hooked]), "log and hooks", sandbox.origin)
    assert.isAbove(hooked.length, specs.length)
    await sandbox.close()
    const refused = await aelyst.contacts.tryCreate(`email:${canary.local}@example.com`, contact)
    clean(sinks(refused), "a refused connection", sandbox.origin)
  })

  it("show no token if the constructor throws", () => {
    try {
      void new Aelyst({ token: `${canary.token} ${canary.value}` })
      assert.fail("it did not throw")
    } catch (error) {
      clean(sinks(error), "the constructor", "http://")
    }
  })

  it("show nothing of the failure of a token function", async () => {
    await using at = await setUp({
      token: () => {
        throw new Error(`${canary.token} ${canary.value}`)
      },
    })
    const tried = await at.aelyst.contacts.tryCreate(`email:${canary.local}@example.com`, contact)
    assert(!tried.ok && tried.error instanceof Error)
    const { error } = tried
    assert.include(String(error.cause), canary.token)
    for (const shown of [
      inspect(tried, { depth: 20, showHidden: true }),
      inspect(error, { depth: 20, showHidden: true, customInspect: false }),
      inspect(structuredClone(error), { depth: 20 }),
      JSON.stringify(tried),
      String(error.stack),
    ]) {
      clean(shown, "a token function that failed", at.sandbox.origin)
    }
  })
})
