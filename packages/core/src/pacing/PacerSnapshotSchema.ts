/** The state of a pacer as a schema, for a page that shows it: times travel in milliseconds. */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Struct from "effect/Struct"

import type { PacerSnapshot } from "./Pacer.ts"

const fields = {
  limit: Schema.Finite,
  reported: Schema.Boolean,
  remaining: Schema.Finite,
  trusted: Schema.Boolean,
  waiting: Schema.Int,
  inFlight: Schema.Int,
  shared: Schema.optionalKey(Schema.Literals(["connected", "alone"])),
}
const millis = (description: string) => Schema.optionalKey(Schema.Finite.annotate({ description }))
const duration = Schema.optionalKey(Schema.DurationFromMillis)

/** The state of a pacer in JSON; times are in milliseconds. */
export interface PacerSnapshotJson extends Pick<PacerSnapshot, keyof typeof fields> {
  readonly windowMs?: number
  readonly opensInMs?: number
  readonly observedAgoMs?: number
}

/** The type of `PacerSnapshotSchema`. */
export interface PacerSnapshotSchema extends Schema.Codec<PacerSnapshot, PacerSnapshotJson> {}

/**
 * Encodes the state of a pacer (`AelystClient.rateLimit`) to JSON, and decodes it back; its durations are `windowMs`,
 * `opensInMs` and `observedAgoMs` in JSON.
 *
 * **Example**
 *
 * ```ts
 * import { PacerSnapshotSchema } from "@aelyst/core/schema"
 * import { Duration, Schema } from "effect"
 *
 * const busy = { limit: 10, reported: true, remaining: 0, trusted: false, waiting: 3, inFlight: 1 }
 * const encode = Schema.encodeSync(PacerSnapshotSchema)
 * console.log(encode({ ...busy, opensIn: Duration.seconds(2) }).opensInMs) // => 2000
 * ```
 */
export const PacerSnapshotSchema: PacerSnapshotSchema = Schema.Struct({
  ...fields,
  windowMs: millis("The learned window"),
  opensInMs: millis("How long the gate stays closed after a 429"),
  observedAgoMs: millis("How long ago the last response came"),
})
  .annotate({ identifier: "PacerSnapshot" })
  .pipe(
    Schema.decodeTo(
      Schema.Struct({ ...fields, window: duration, opensIn: duration, observedAgo: duration }),
      SchemaTransformation.transform({
        decode: Struct.renameKeys({
          windowMs: "window",
          opensInMs: "opensIn",
          observedAgoMs: "observedAgo",
        }),
        encode: Struct.renameKeys({
          window: "windowMs",
          opensIn: "opensInMs",
          observedAgo: "observedAgoMs",
        }),
      }),
    ),
  )
