import { assert, describe, it } from "@effect/vitest"

import { ConfigurationError } from "../src/index.ts"
import { OptionError, isOptionError } from "../src/pacing/OptionError.ts"

describe("OptionError", () => {
  it("is a ConfigurationError to every copy of core, and names the option", () => {
    const error = new OptionError("instances", "must be an integer of at least 1", 1.5)
    assert.instanceOf(error, ConfigurationError)
    assert.instanceOf(error, TypeError)
    assert.strictEqual(error.message, "`instances` must be an integer of at least 1 (got 1.5)")
    assert.strictEqual(error.option, "instances")
    assert.strictEqual(error.code, "ERR_AELYST_CONFIG")
    // it may be a secret
    assert.notInclude(new OptionError("query", "must be a function", "secret").message, "secret")
  })

  it("is recognised by its code", () => {
    assert.isTrue(isOptionError(new OptionError("a", "b")))
    assert.isTrue(isOptionError(new ConfigurationError("a", "b")))
    assert.isFalse(isOptionError(new TypeError("fetch failed")))
    assert.isFalse(isOptionError(undefined))
  })
})
