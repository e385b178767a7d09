import { assert, describe, it } from "@effect/vitest"

import * as Package from "../src/index.ts"
import { forImport, forRequire } from "./copies.ts"

const { Aelyst } = Package
const copies = { sources: Package, import: forImport, require: forRequire }

const transport = async () => new Response('{"message":"no"}', { status: 400 })

const configurationErrorOf = ({ Aelyst: Class }: Pick<typeof Package, "Aelyst">): object => {
  try {
    return new Class({ token: "token-for-tests", retries: -1 })
  } catch (error) {
    assert.instanceOf(error, TypeError)
    return error
  }
}

describe("the error classes", () => {
  it("are three times three different ones, so that the tests below prove something", () => {
    const classes = Object.values(copies).map(({ RateLimitError }) => RateLimitError)
    assert.strictEqual(new Set(classes).size, 3)
  })

  for (const [maker, made] of Object.entries(copies)) {
    for (const [asker, asked] of Object.entries(copies)) {
      it(`of ${asker} know the errors of ${maker}`, () => {
        const error = new made.RateLimitError({ attempts: [], retryAfterMs: 5 })
        assert.isTrue(error instanceof asked.RateLimitError)
        assert.isFalse(error instanceof asked.BadRequestError)
        assert.isTrue(asked.isAelystError(error))
        assert.strictEqual(error.constructor.name, "RateLimitError")
      })
    }

    it(`of ${maker} name a wrong option in the way that Node's do`, () => {
      const error = configurationErrorOf(made)
      assert.include(error, { code: "ERR_AELYST_CONFIG", name: "ConfigurationError" })
    })
  }
})

describe("an error that create rejects with", () => {
  it("shows the line that awaited it in its stack, and no frame of this package", async () => {
    await using aelyst = new Aelyst({ token: "token-for-tests", transport })
    const submit = async () => {
      await aelyst.contacts.create("id:5", { firstName: "Ana" })
    }
    const error: unknown = await submit().catch((reason: unknown) => reason)
    assert.instanceOf(error, Package.BadRequestError)
    const [title = "", ...frames] = (error.stack ?? "").split("\n")
    assert.strictEqual(title, `BadRequestError: ${error.message}`)
    const ours = frames.filter((frame) => !frame.includes("node:internal"))
    assert.match(ours[0] ?? "", /at (?:async )?submit \(.*errors\.test\.ts/)
    assert.isFalse(frames.some((frame) => /packages[\\/]node[\\/](?:src|dist)[\\/]/.test(frame)))
  })
})
