/**
 * Builds rows of the scenario table: defaults for the members that a row omits, and short names for reports.
 */
import type { FaultSpec } from "../types.ts"
import type {
  Expected,
  ExpectedByTreatment,
  Scenario,
  ScenarioClientSettings,
  ScenarioContact,
  ScenarioReport,
} from "./types.ts"

/** The example of the documentation. */
const example: ScenarioContact = {
  firstName: "Muhammad ",
  lastName: "Mahin",
  phone: "+60123456789",
  email: "test@example.com",
  language: "ms",
  profilePic: "https://cdn.aelyst.ai/profile_avatar.png",
  countryCode: "MY",
  custom_fields: [{ name: "Company Website", value: "https://example.com" }],
}

const defaults: ScenarioClientSettings = {
  retries: 3,
  timeoutMs: 10_000,
  maxWaitMs: 5000,
  doubtDelayMs: 1000,
}

/** Returns the report of an error. */
export const fails = (
  name: string,
  outcome: "not_sent" | "rejected" | "unknown",
): ScenarioReport => ({ error: { name, outcome } })

export const created: ScenarioReport = { result: "created" }
export const existsAfterDoubt: ScenarioReport = { result: "exists_after_doubt" }
export const badRequest = fails("BadRequestError", "rejected")
export const lost = fails("OutcomeUnknownError", "unknown")

/** Returns the expected end: what the client reports, and what the server counted. */
export const end = (
  report: ScenarioReport,
  posts: number,
  contacts: number,
  merged: number = 0,
): Expected => ({ report, ledger: { posts, created: contacts, merged } })

/** Expects the same end under both policies. */
export const either = (expected: Expected | ExpectedByTreatment): Scenario["expected"] => ({
  "at-most-once": expected,
  "natural-key": expected,
})

/** Expects a different end under each policy. */
export const byPolicy = (
  atMostOnce: Expected,
  naturalKey: Expected | ExpectedByTreatment,
): Scenario["expected"] => ({ "at-most-once": atMostOnce, "natural-key": naturalKey })

type Row = Partial<Omit<Scenario, "faults" | "client" | "expected">> &
  Pick<Scenario, "name" | "expected"> & {
    readonly faults?: ReadonlyArray<FaultSpec | string>
    readonly client?: Partial<ScenarioClientSettings>
  }

/** Creates a row. */
export const row = ({ client, faults = [], ...rest }: Row): Scenario => ({
  identifier: "email:test@example.com",
  contact: example,
  token: "sandbox_ok",
  settings: {},
  exists: false,
  down: false,
  ...rest,
  faults: faults.map((fault) => (typeof fault === "string" ? { preset: fault } : fault)),
  client: { ...defaults, ...client },
})

/** Expects one resend after an attempt that created the contact; what the second attempt gets is the server's choice. */
export const resent: ExpectedByTreatment = {
  reject: end(existsAfterDoubt, 2, 1),
  merge: end(created, 2, 1, 1),
  duplicate: end(created, 2, 2),
}

/** Creates two rows for a response that is lost or unreadable once: the contact is created, or it is not. */
export const inDoubt = (
  name: string,
  preset: string,
  report: ScenarioReport,
): ReadonlyArray<Scenario> => [
  row({
    name: `${name}, contact created`,
    faults: [`${preset}-after-x1`],
    expected: byPolicy(end(report, 1, 1), resent),
  }),
  row({
    name: `${name}, contact not created`,
    faults: [`${preset}-before-x1`],
    expected: byPolicy(end(report, 1, 0), end(created, 2, 1)),
  }),
]
