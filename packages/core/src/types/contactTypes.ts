/** The public types of contacts, without an Effect type; `../types.ts` exports them. */

/**
 * An identifier that has been checked, in its canonical form (W2). The mark is a name and no symbol, so that it is the
 * same in each copy of the declarations.
 */
export type Identifier = string & { readonly "~aelyst/Identifier": true }

/** An identifier (W2): checked, or written with its prefix. */
export type IdentifierInput = Identifier | `email:${string}` | `phone:${string}` | `id:${string}`

/** The part of a contact that an identifier is made of; an opaque contact ID counts as `id`. */
export type IdentifierKind = "email" | "phone" | "id"

/** A custom field's value (W4); a boolean travels as `"true"` or `"false"` (D9). */
export type CustomFieldValue = string | number | boolean

/** Custom fields by name; `null` and `undefined` leave a field out (D12). */
export interface CustomFieldRecord {
  readonly [name: string]: CustomFieldValue | null | undefined
}

/** Custom fields in the documented array form; `null` and `undefined` leave the value out, the name travels (W4, D12). */
export type CustomFieldPairs = ReadonlyArray<{
  readonly name: string
  readonly value?: CustomFieldValue | null | undefined
}>

/** The types of custom fields (W4). */
export type CustomFieldType =
  | "text"
  | "number"
  | "email"
  | "url"
  | "list"
  | "date"
  | "time"
  | "checkbox"

/** The declaration of one custom field: only its type, or an object with more about it. */
export type CustomFieldDeclaration =
  | Exclude<CustomFieldType, "list">
  | { readonly type: Exclude<CustomFieldType, "list" | "checkbox">; readonly help?: string }
  | { readonly type: "list"; readonly options: ReadonlyArray<string>; readonly help?: string }
  | { readonly type: "checkbox"; readonly wire?: "string" | "boolean"; readonly help?: string }

/** The declarations of a workspace's custom fields by their names, spelled as in Aelyst. */
export interface CustomFieldDefinition {
  readonly [name: string]: CustomFieldDeclaration
}

/** One custom field as a catalogue describes it, for help texts, column mapping and documents. */
export interface CustomFieldDescription {
  readonly name: string
  readonly type: CustomFieldType
  /** The values of a list; for lists only. */
  readonly options?: ReadonlyArray<string>
  /** The type of the value on the wire. */
  readonly wire: "string" | "number" | "boolean"
  /** A value that callers may pass. */
  readonly example: CustomFieldValue
  /** The notation of the value. */
  readonly format: string
  /** The purpose of the field, if the catalogue states it. */
  readonly help?: string
}

/** The type of a value that a declared field takes. */
export type CustomFieldValueOf<F> = F extends "number" | { readonly type: "number" }
  ? number
  : F extends "checkbox" | { readonly type: "checkbox" }
    ? boolean
    : F extends { readonly type: "list"; readonly options: ReadonlyArray<infer Option> }
      ? Option
      : string

/** The custom fields that a definition allows, as callers pass them. */
export type CustomFieldsOf<D extends CustomFieldDefinition> = {
  readonly [Name in keyof D]?: CustomFieldValueOf<D[Name]> | null | undefined
}

/** The custom fields of a workspace, made with `CustomField.define` or `CustomField.make`. */
export interface Catalogue<out D extends CustomFieldDefinition = CustomFieldDefinition> {
  readonly definition: D
  /** The fields in the order of their declaration. */
  readonly fields: ReadonlyArray<CustomFieldDescription>
  /** Finds a field by its exact name. */
  readonly get: (name: string) => CustomFieldDescription | undefined
}

/**
 * A contact as callers pass it (W3). `null` and `undefined` count as absent (D12); strings travel as given (D13).
 *
 * `Fields` is the type of the custom fields: any names and values, or those of a catalogue.
 */
export interface ContactInput<Fields = CustomFieldRecord | CustomFieldPairs> {
  /** Has at least one visible character. */
  readonly firstName: string
  readonly lastName?: string | null | undefined
  /** E.164, such as `+60123456789` (D2). */
  readonly phone?: string | null | undefined
  readonly email?: string | null | undefined
  /** A BCP 47 tag, such as `ms` (D10). */
  readonly language?: string | null | undefined
  /** A URL with its scheme, at most 2,048 bytes. */
  readonly profilePic?: string | null | undefined
  /** Two letters; travels in upper case (D10). */
  readonly countryCode?: string | null | undefined
  /** By name, or in the documented array form. */
  readonly customFields?: Fields | null | undefined
  /** The array form under its name on the wire, so that the documented example can be passed as it is. */
  readonly custom_fields?: CustomFieldPairs | null | undefined
}

/** The body of the request as it travels. */
export interface WireContact {
  readonly firstName: string
  readonly lastName?: string
  readonly phone?: string
  readonly email?: string
  readonly language?: string
  readonly profilePic?: string
  readonly countryCode?: string
  readonly custom_fields?: ReadonlyArray<{
    readonly name: string
    /** A field without a value is legal (W4). */
    readonly value?: CustomFieldValue
  }>
}

/**
 * One broken rule: its place, the rule, and how to fix it; never the value.
 *
 * A key that is not a field of a contact is named only if it is short and looks like a field name; otherwise its
 * position among the keys stands for it.
 */
export interface Issue {
  /** The way to the place: field names and array positions. */
  readonly path: ReadonlyArray<string | number>
  /** Stays the same from version to version. A plain string, so that issues of a newer version still decode. */
  readonly code: string
  readonly rule: string
  readonly suggestion?: string
}
