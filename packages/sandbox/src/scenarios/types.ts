/**
 * The types of the scenario table: what goes wrong, what a client must report under each delivery policy, and what the
 * server must have seen.
 */
import type { Delivery, WireContact } from "@aelyst/core/types"

import type { FaultSpec, SandboxSettings } from "../types.ts"

/** A delivery policy: resend only requests that are provably not processed, or also those in doubt (D7). */
export type DeliveryPolicy = Delivery

/** The treatment of a create whose contact exists (D3). */
export type Treatment = "reject" | "merge" | "duplicate"

/** The report of a client on a create: a result, or the name of an error and its outcome. */
export type ScenarioReport =
  | { readonly result: string }
  | { readonly error: { readonly name: string; readonly outcome: string } }

/** The contact of a create, as on the wire (W3). */
export interface ScenarioContact extends WireContact {
  readonly custom_fields?: ReadonlyArray<{ readonly name: string; readonly value: string }>
}

/** The client under test, one per variant. */
export interface ScenarioClient {
  /** Creates one contact; resolves for errors too. */
  readonly create: (
    identifier: string,
    contact: ScenarioContact,
    options: { readonly delivery: DeliveryPolicy },
  ) => Promise<ScenarioReport>
}

/** The counts of the server: complete requests, contacts created, creates merged into a contact. */
export interface ScenarioLedger {
  readonly posts: number
  readonly created: number
  readonly merged: number
}

/** The expected end of a scenario. */
export interface Expected {
  readonly report: ScenarioReport
  readonly ledger: ScenarioLedger
}

/** The expected end under each treatment of an existing contact. */
export type ExpectedByTreatment = { readonly [T in Treatment]: Expected }

/** Settings for the client under test; times are in milliseconds. */
export interface ScenarioClientSettings {
  /** Resends after the first attempt. */
  readonly retries: number
  /** Time to the first byte of one attempt's response. */
  readonly timeoutMs: number
  /** The longest `Retry-After` that the client waits for. */
  readonly maxWaitMs: number
  /** Delay before a contact in doubt is sent again; a longer one changes no result. */
  readonly doubtDelayMs: number
}

/** One row of the table. */
export interface Scenario {
  readonly name: string
  readonly identifier: string
  readonly contact: ScenarioContact
  readonly token: string
  /** The script of the server: the faults that are active during the create, in this order. */
  readonly faults: ReadonlyArray<FaultSpec>
  /** Other settings of the sandbox. */
  readonly settings: SandboxSettings
  /** Whether a contact with this identifier exists before the create. */
  readonly exists: boolean
  /** Whether the sandbox is closed before the create. */
  readonly down: boolean
  /** `phase`: only a client that knows whether its request was sent can report this. */
  readonly requires?: "phase"
  readonly client: ScenarioClientSettings
  /** By policy; also by treatment if it matters what the server does with an existing contact. */
  readonly expected: { readonly [Policy in DeliveryPolicy]: Expected | ExpectedByTreatment }
}

/** A scenario under one policy and one treatment. */
export interface Variant extends Omit<Scenario, "expected"> {
  /** Unique in the table. */
  readonly title: string
  readonly delivery: DeliveryPolicy
  readonly existing: Treatment
  readonly expected: Expected
}
