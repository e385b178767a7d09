/** Identifiers and custom fields as values for callers. */
import * as Core from "@aelyst/core"
import * as Result from "effect/Result"

import type {
  CustomFieldCatalogue,
  CustomFieldDefinition,
  CustomFieldsOf,
  Identifier,
} from "./types.ts"

const orThrow = (parsed: ReturnType<typeof Core.Identifier.parse>): Identifier => {
  if (Result.isFailure(parsed)) {
    throw new Core.InvalidContactError({ attempts: [], issues: parsed.failure })
  }
  return parsed.success
}

/** Makes `email:…` from an address; throws `InvalidContactError` for one that is none (D2). */
export const email = (address: string): Identifier => orThrow(Core.Identifier.email(address))

/** Makes `phone:+…` from an E.164 number, such as `+60123456789`; throws `InvalidContactError` for others (D2). */
export const phone = (number: string): Identifier => orThrow(Core.Identifier.phone(number))

/** Makes `id:…` from a contact ID; throws `InvalidContactError` for one that no URL can carry (D1). */
export const contactId = (id: string): Identifier => orThrow(Core.Identifier.contactId(id))

/** Declares the custom fields of a workspace. */
export const customFields: {
  /**
   * Makes a catalogue, which gives names and types of the custom fields to `contacts.create`.
   *
   * Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for a wrong definition.
   */
  readonly define: <const D extends CustomFieldDefinition>(
    definition: D,
  ) => CustomFieldCatalogue<CustomFieldsOf<D>>
} = { define: Core.CustomField.define }
