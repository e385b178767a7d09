/** Scenarios with the documented responses, and with contacts that exist. */
import { badRequest, created, either, end, fails, row } from "./Row.ts"
import type { Scenario } from "./types.ts"

const invalid = fails("InvalidContactError", "not_sent")

/** Lists the scenarios of this group. */
export const documentedRows: ReadonlyArray<Scenario> = [
  row({ name: "a successful create", expected: either(end(created, 1, 1)) }),
  row({
    name: "a phone as identifier",
    identifier: "phone:+60121233112",
    contact: { firstName: "Ana" },
    expected: either(end(created, 1, 1)),
  }),
  row({
    name: "a contact id that needs encoding",
    identifier: "id:a/b?c#d%e",
    contact: { firstName: "Ana" },
    expected: either(end(created, 1, 1)),
  }),
  row({
    name: "an invalid identifier",
    identifier: "email:ana@",
    expected: either(end(invalid, 0, 0)),
  }),
  row({
    name: "a blank first name",
    contact: { firstName: " " },
    expected: either(end(invalid, 0, 0)),
  }),
  row({ name: "a 400", faults: ["400"], expected: either(end(badRequest, 1, 0)) }),
  row({
    name: "a 400 with an object as message",
    faults: ["object-message"],
    expected: either(end(badRequest, 1, 0)),
  }),
  row({
    name: "an invalid token",
    token: "sandbox_401",
    expected: either(end(fails("AuthenticationError", "rejected"), 1, 0)),
  }),
  row({
    name: "an existing contact",
    exists: true,
    expected: either({
      reject: end(badRequest, 1, 0),
      merge: end(created, 1, 0, 1),
      duplicate: end(created, 1, 1),
    }),
  }),
  row({
    name: "an existing contact, reported by a 409",
    exists: true,
    settings: { existing: "reject=409" },
    expected: either(end(badRequest, 1, 0)),
  }),
  row({
    name: "an existing contact, reported by an object",
    exists: true,
    settings: { existing: "reject=object" },
    expected: either(end(badRequest, 1, 0)),
  }),
  row({
    name: "an existing contact, reported by a 403",
    exists: true,
    settings: { existing: "reject=403" },
    expected: either(end(fails("UnexpectedResponseError", "rejected"), 1, 0)),
  }),
]
