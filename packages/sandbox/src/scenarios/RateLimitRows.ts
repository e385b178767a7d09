/** Scenarios with the rate limit: what a client does with `Retry-After`, and with its absence. */
import { created, either, end, fails, row } from "./Row.ts"
import type { Scenario } from "./types.ts"

const rateLimited = fails("RateLimitError", "rejected")

/** Lists the scenarios of this group. */
export const rateLimitRows: ReadonlyArray<Scenario> = [
  row({
    name: "a 429 with a short Retry-After, twice",
    faults: ["429-200ms-x2"],
    expected: either(end(created, 3, 1)),
  }),
  row({
    name: "a 429 whose Retry-After is a date in the past",
    faults: [{ status: 429, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT", times: 1 }],
    expected: either(end(created, 2, 1)),
  }),
  row({
    name: "a 429 without any of its headers",
    faults: ["no-headers-429-x1"],
    expected: either(end(created, 2, 1)),
  }),
  row({
    name: "a 429 whose Retry-After is not a time",
    faults: [{ status: 429, retryAfter: "soon", times: 1 }],
    expected: either(end(created, 2, 1)),
  }),
  row({
    name: "429s without end",
    faults: ["429-100ms"],
    expected: either(end(rateLimited, 4, 0)),
  }),
  row({
    name: "a 429 with a longer Retry-After than the client waits",
    faults: ["429-7s"],
    expected: either(end(rateLimited, 1, 0)),
  }),
  row({
    name: "a 429 and no retries",
    faults: ["429-100ms"],
    client: { retries: 0 },
    expected: either(end(rateLimited, 1, 0)),
  }),
]
