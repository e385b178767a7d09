import { visitorResponse as coreResponse } from "@aelyst/core/adapter"
import { RateLimitError as CoreRateLimitError } from "@aelyst/core"
import { expect, it } from "vitest"

import { RateLimitError } from "../src/errors.ts"
import { visitorResponse, visitorTable } from "../src/visitors.ts"

it("gives core's response to a visitor, with the status and code of the table", () => {
  const response = visitorResponse(new RateLimitError({ attempts: [], retryAfterMs: 2_000 }))
  expect(response).toEqual(coreResponse(new CoreRateLimitError({ attempts: [] })))
  expect(response).toMatchObject({ status: 503, code: "rate_limited" })
  const { code, status } = visitorTable.RateLimitError
  expect({ code, status }).toEqual({ code: "rate_limited", status: 503 })
})
