/**
 * The custom fields of a form as a schema: texts on the encoded side, the types of a catalogue on the other. The rules are
 * those of `CustomFieldValue.ts`. Public as the namespace `CustomFieldSchema`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

import type { Catalogue, CustomFieldDefinition, CustomFieldValueOf } from "../types.ts"
import type { Field } from "./CustomFieldValue.ts"
import { checkValue, convert } from "./CustomFieldValue.ts"
import { optionalText } from "./OptionalText.ts"
import { ruleIssue } from "./RuleIssue.ts"

/** The custom fields of a definition with their types, without those that were left empty. */
export type Typed<D extends CustomFieldDefinition> = {
  readonly [Name in keyof D]?: CustomFieldValueOf<D[Name]>
}

/** The custom fields of a definition as a form sends them. */
export type Texts<D extends CustomFieldDefinition> = {
  readonly [Name in keyof D]?: string | null
}

// browsers send this for a checkbox without a `value`, and nothing at all if it is not checked
const CHECKED = "on"

/** Returns the value of a text as it travels. */
const read = (field: Field, text: string) => {
  const isOn = field.type === "checkbox" && text === CHECKED
  return Effect.mapError(Effect.fromResult(convert(field, isOn ? "true" : text)), ruleIssue)
}

const number = (field: Field) =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Finite,
      SchemaTransformation.transformEffect({
        decode: (text: string) => Effect.map(read(field, text), Number),
        // a number that no text of the documented form holds has no way back
        encode: (value): Effect.Effect<string, SchemaIssue.Issue> =>
          Effect.as(read(field, String(value)), String(value)),
      }),
    ),
  )

const checkbox = (field: Field) =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Boolean,
      SchemaTransformation.transformEffect({
        decode: (text: string) =>
          Effect.map(read(field, text), (value) => String(value) === "true"),
        encode: (isChecked) => Effect.succeed(isChecked ? CHECKED : "false"),
      }),
    ),
  )

const text = (field: Field) =>
  Schema.String.check(
    Schema.makeFilter<string>((value) => {
      const issue = checkValue(field, value)
      return issue && ruleIssue(issue)
    }),
  )

const schemaOf = (field: Field): Schema.Codec<string | number | boolean, string> => {
  if (field.type === "number") return number(field)
  return field.type === "checkbox" ? checkbox(field) : text(field)
}

const describe = ({ example, format, help }: Field) => ({
  description: help === undefined ? format : `${help}: ${format}`,
  examples: [example === true ? CHECKED : String(example)],
})

/**
 * Creates the schema of a form's custom fields from a catalogue: `"3"` becomes `3`, and `"on"` becomes `true`.
 *
 * **Details**
 *
 * Decodes an object with one text for each field, by the name of the field. A number and a date are written as `convert`
 * takes them, a checkbox as `on`, `true` or `false`. A field that is empty, `null` or absent is left out: browsers send
 * nothing for a checkbox that is not checked. Names that the catalogue does not have are dropped, or rejected with
 * `onExcessProperty: "error"`. Encoding writes the texts of a form: `on` or `false` for a checkbox; it fails for a number
 * of more than 15 digits, which no text holds.
 *
 * A failure says the rule and how to keep it, never the value. `errors: "all"` reports all fields at once.
 *
 * **Example** (A form with a list, a number and a checkbox)
 *
 * ```ts
 * import { CustomField } from "@aelyst/core"
 * import { CustomFieldSchema } from "@aelyst/core/schema"
 * import { Schema } from "effect"
 *
 * const catalogue = CustomField.define({
 *   Plan: { type: "list", options: ["Silver", "Gold"] },
 *   Seats: "number",
 *   Newsletter: "checkbox",
 * })
 * const Form = Schema.fromFormData(CustomFieldSchema.make(catalogue))
 *
 * const form = new FormData()
 * form.set("Plan", "Gold")
 * form.set("Seats", "3")
 * form.set("Newsletter", "on")
 * console.log(Schema.decodeUnknownSync(Form)(form)) // => { Plan: 'Gold', Seats: 3, Newsletter: true }
 * ```
 */
export const make = <const D extends CustomFieldDefinition>(
  catalogue: Catalogue<D>,
): Schema.Codec<Typed<D>, Texts<D>> => {
  const fields = catalogue.fields.map((field) => [
    field.name,
    optionalText(schemaOf(field), describe(field)),
  ])
  const schema = Schema.Struct(Object.fromEntries(fields)).annotate({
    identifier: "CustomFields",
    message: "Custom fields must be an object of names and texts",
  })
  // safe: the fields are those of the definition, each with the schema of its type
  return schema as unknown as Schema.Codec<Typed<D>, Texts<D>>
}
