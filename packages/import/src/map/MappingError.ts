/** Reports columns that cannot be mapped. Messages name fields, columns and flags, never a value of a row. */
import * as Data from "effect/Data"

/** Why columns cannot be mapped. */
export type MappingReason =
  | "ambiguous"
  | "constant"
  | "custom_field"
  | "file"
  | "first_name_missing"
  | "identifier_missing"
  | "identify_by"
  | "syntax"
  | "unknown_column"
  | "unknown_field"
  | "used_twice"

/** One thing that is wrong. */
export interface MappingIssue {
  readonly reason: MappingReason
  /** The mistake, in a sentence without a full stop. */
  readonly message: string
  /** The way out; it begins with a flag, ready to paste, if one helps. */
  readonly fix?: string | undefined
}

/** The columns of a table cannot be mapped; lists everything that is wrong, the cause of the rest first. */
export class MappingError extends Data.TaggedError("MappingError")<{
  readonly issues: readonly MappingIssue[]
}> {
  override get message(): string {
    return this.issues
      .map(({ message, fix }) => (fix === undefined ? message : `${message} (${fix})`))
      .join("; ")
  }
}
