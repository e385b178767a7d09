/** Scenarios in which a client cannot know whether the contact was created: server errors and lost responses. */
import { byPolicy, created, either, end, existsAfterDoubt, fails } from "./Row.ts"
import { inDoubt, lost, resent, row } from "./Row.ts"
import type { Scenario } from "./types.ts"

const serverError = fails("InternalServerError", "unknown")

const serverErrors: ReadonlyArray<Scenario> = [
  ...inDoubt("a 500", "500", serverError),
  ...inDoubt("a 503", "503", serverError),
  ...inDoubt("a page of a gateway with 502", "html-502", serverError),
  row({
    name: "500s without end",
    faults: ["500"],
    expected: byPolicy(end(serverError, 1, 0), end(lost, 2, 0)),
  }),
  row({
    name: "a 500 and no retries",
    faults: ["500"],
    client: { retries: 0 },
    expected: either(end(serverError, 1, 0)),
  }),
]

const lostResponses: ReadonlyArray<Scenario> = [
  ...inDoubt("a connection that is reset", "drop", lost),
  ...inDoubt("a connection that is closed", "fin", lost),
  ...inDoubt("a response that is not HTTP", "garbage", lost),
  ...inDoubt("a 408", "408", lost),
  ...["stall-after", "stall-before"].map((preset) =>
    row({
      name: `a response that never comes, contact ${preset === "stall-after" ? "" : "not "}created`,
      faults: [`${preset}-x1`],
      client: { timeoutMs: 1000 },
      expected:
        preset === "stall-after"
          ? byPolicy(end(lost, 1, 1), resent)
          : byPolicy(end(lost, 1, 0), end(created, 2, 1)),
    }),
  ),
  row({
    name: "a connection that is reset and no retries",
    faults: ["drop"],
    client: { retries: 0 },
    expected: either(end(lost, 1, 1)),
  }),
  row({
    name: "a server that does not see its newest contact at first",
    faults: ["drop-x1"],
    settings: { lagMs: 300 },
    expected: byPolicy(end(lost, 1, 1), end(existsAfterDoubt, 2, 1)),
  }),
  row({
    name: "a server that never sees its newest contact",
    faults: ["drop-x1"],
    settings: { lagMs: 600_000 },
    expected: byPolicy(end(lost, 1, 1), end(created, 2, 2)),
  }),
]

// a doubt stays, whatever later responses say
const stickyDoubt: ReadonlyArray<Scenario> = [
  row({
    name: "a lost response, then a 400",
    faults: ["drop-before-x1", "400-x1"],
    expected: byPolicy(end(lost, 1, 0), end(lost, 2, 0)),
  }),
  row({
    name: "a lost response, then a 401",
    faults: ["drop-before-x1", "401-x1"],
    expected: byPolicy(end(lost, 1, 0), end(lost, 2, 0)),
  }),
  row({
    name: "a lost response, then a 409 that says that the contact exists",
    faults: [
      "drop-x1",
      { status: 409, body: { code: 409, message: "Contact already exists" }, times: 1 },
    ],
    expected: byPolicy(end(lost, 1, 1), end(existsAfterDoubt, 2, 1)),
  }),
  row({
    name: "a lost response, then a longer Retry-After than the client waits",
    faults: ["drop-before-x1", "429-7s-x1"],
    expected: byPolicy(end(lost, 1, 0), end(lost, 2, 0)),
  }),
]

/** Lists the scenarios of this group. */
export const doubtRows: ReadonlyArray<Scenario> = [
  ...serverErrors,
  ...lostResponses,
  ...stickyDoubt,
]
