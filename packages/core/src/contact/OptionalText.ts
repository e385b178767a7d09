/** Fields of a form that may be left empty: a field that is absent, `null` or an empty text counts as absent. */
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

import { typeRule } from "./RuleIssue.ts"

interface Description {
  readonly description: string
  readonly examples?: ReadonlyArray<string>
}

/** A field that may be left empty: a text or `null` on the encoded side. */
export interface OptionalText<A> extends Schema.decodeTo<
  Schema.optionalKey<Schema.Codec<A, string>>,
  Schema.optionalKey<Schema.NullOr<Schema.String>>
> {}

/** Creates the schema of a field that may be left empty from that of its texts; an absent value is encoded as an absent field. */
export const optionalText = <A>(
  filledIn: Schema.Codec<A, string>,
  description: Description,
): OptionalText<A> =>
  Schema.optionalKey(
    Schema.NullOr(Schema.String).annotate({ ...typeRule("STRING_EXPECTED"), ...description }),
  ).pipe(
    Schema.decodeTo(Schema.optionalKey(filledIn), {
      decode: SchemaGetter.transformOptional(
        Option.filter((text): text is string => text !== null && text !== ""),
      ),
      encode: SchemaGetter.transformOptional<string | null, string>(identity),
    }),
  )
