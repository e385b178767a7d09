import { describe, expect, it } from "vitest"

import { RequestError, isRequestError } from "../src/RequestError.ts"
import type { RequestErrorCode } from "../src/Status.ts"
import { requestErrors } from "../src/Status.ts"

// safe: the keys of the table of request errors
const codes = Object.keys(requestErrors) as Array<RequestErrorCode>

describe("RequestError", () => {
  it.each(codes)("has the status and the sentence of the table, %s", (code) => {
    const error = new RequestError(code)
    expect(error).toMatchObject({ name: "RequestError", code, ...requestErrors[code] })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ headers: {}, retryAfterMs: undefined })
  })

  it("keeps a message for the logs, headers and a time to wait", () => {
    const options = { message: "for the logs", headers: { Allow: "POST" }, retryAfterMs: 1_000 }
    expect(new RequestError("busy", options)).toMatchObject(options)
  })

  it("is recognized by its brand, also from another copy of the package", () => {
    const copy = Object.defineProperty(
      new Error("busy"),
      Symbol.for("@aelyst/express/RequestError"),
      { value: true },
    )
    expect([new RequestError("busy"), copy].every(isRequestError)).toBe(true)
    const others = [new Error("busy"), { name: "RequestError", code: "busy" }, "busy", null]
    expect(others.some(isRequestError)).toBe(false)
  })
})
