/** The JSON form of an attempt, which errors and results have in common, and literals that are complete by type. */
import * as Schema from "effect/Schema"

import type { AttemptRecord } from "../types.ts"

/** Creates the schema of a union of texts from a table that has each of them as a key. */
export const literalsOf = <K extends string>(table: Readonly<Record<K, unknown>>) =>
  // safe: an object literal has the keys of its type and no others
  Schema.Literals(Object.keys(table) as unknown as ReadonlyArray<K>)

const fields = {
  number: Schema.Int,
  phase: literalsOf<AttemptRecord["phase"]>({ connect: 0, headers: 0, body: 0, answered: 0 }),
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.String),
  rateLimited: Schema.optionalKey(Schema.Boolean),
  startedAt: Schema.Finite,
  durationMs: Schema.Finite,
  waitedMs: Schema.Finite,
}

/** The type of `AttemptRecordSchema`. */
export interface AttemptRecordSchema extends Schema.Struct<typeof fields> {}

/** Describes an attempt in JSON. */
export const AttemptRecordSchema: AttemptRecordSchema = Schema.Struct(fields).annotate({
  identifier: "AttemptRecord",
  description: "One attempt of a call, without anything of the contact, the URL or the token",
})
