/** Creates identifiers and catalogues of custom fields. */
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

/**
 * Creates `email:…` from an address; throws `InvalidContactError` for an invalid one (D2).
 *
 * **Example**
 *
 * ```ts
 * import { email } from "@aelyst/node"
 *
 * console.log(email("ada@example.com")) // => email:ada@example.com
 * ```
 */
export const email = (address: string): Identifier => orThrow(Core.Identifier.email(address))

/**
 * Creates `phone:+…` from an E.164 number, such as `+60123456789`; throws `InvalidContactError` for others (D2).
 *
 * **Example**
 *
 * ```ts
 * import { phone } from "@aelyst/node"
 *
 * console.log(phone("+60123456789")) // => phone:+60123456789
 * ```
 */
export const phone = (number: string): Identifier => orThrow(Core.Identifier.phone(number))

/**
 * Creates `id:…` from a contact ID; throws `InvalidContactError` for one that cannot be part of a URL (D1).
 *
 * **Example**
 *
 * ```ts
 * import { contactId } from "@aelyst/node"
 *
 * console.log(contactId("5")) // => id:5
 * ```
 */
export const contactId = (id: string): Identifier => orThrow(Core.Identifier.contactId(id))

/** Declares the custom fields of a workspace. */
export const customFields: {
  /**
   * Creates a catalogue, which gives `contacts.create` the names and types of the custom fields.
   *
   * Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for an invalid definition.
   *
   * **Example**
   *
   * ```ts
   * import { customFields } from "@aelyst/node"
   *
   * const catalogue = customFields.define({ Age: "number", "Company Website": "url" })
   * console.log(catalogue.fields.map(({ name, type }) => `${name}: ${type}`))
   * // => [ 'Age: number', 'Company Website: url' ]
   * ```
   */
  readonly define: <const D extends CustomFieldDefinition>(
    definition: D,
  ) => CustomFieldCatalogue<CustomFieldsOf<D>>
} = { define: Core.CustomField.define }
