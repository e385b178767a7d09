/** Scenarios with responses that the documentation does not mention, and a server that is down. */
import { created, either, end, fails, inDoubt, row } from "./Row.ts"
import type { Scenario } from "./types.ts"

const unreadable = fails("UnexpectedResponseError", "unknown")
const unexpected = fails("UnexpectedResponseError", "rejected")

// successes that cannot be verified
const unverified: ReadonlyArray<Scenario> = [
  ...inDoubt("a 200 with incomplete JSON", "badjson", unreadable),
  ...inDoubt("a 200 without a body", "empty", unreadable),
  ...inDoubt("a 200 with an array", "array", unreadable),
  ...inDoubt("a 200 with less than its Content-Length", "truncate-length", unreadable),
  ...inDoubt("a 200 without its last chunk", "truncate-chunked", unreadable),
  ...inDoubt("a 200 whose connection ends halfway", "truncate-close", unreadable),
  ...inDoubt("a 200 whose body reports a failure", "other-code", unreadable),
  ...inDoubt("a 200 from a captive portal", "portal", unreadable),
  row({
    name: "a 200 with ten megabytes",
    faults: ["large-body-x1"],
    client: { retries: 0 },
    expected: either(end(unreadable, 1, 1)),
  }),
  row({
    name: "a 200 with a compressed bomb",
    faults: ["gzip-bomb-x1"],
    client: { retries: 0 },
    expected: either(end(unreadable, 1, 1)),
  }),
  ...["302", "307"].map((status) =>
    row({
      name: `a redirect with ${status}`,
      faults: [status],
      client: { retries: 0 },
      expected: either(end(unreadable, 1, 0)),
    }),
  ),
]

/** Lists the scenarios of this group. */
export const undocumentedRows: ReadonlyArray<Scenario> = [
  ...unverified,
  // oddities that change nothing
  ...["number-code", "no-code", "bom", "gzip", "201", "slow-50ms"].map((preset) =>
    row({
      name: `an unusual success: ${preset}`,
      faults: [preset],
      expected: either(end(created, 1, 1)),
    }),
  ),
  ...["403", "404", "418", "422"].map((status) =>
    row({
      name: `an undocumented status: ${status}`,
      faults: [status],
      expected: either(end(unexpected, 1, 0)),
    }),
  ),
  // before anything is sent
  row({
    name: "a server that is down",
    down: true,
    requires: "phase",
    client: { retries: 1 },
    expected: either(end(fails("ConnectionError", "not_sent"), 0, 0)),
  }),
]
