/** The error of an input that is not the one that the run was planned for. */
import * as Data from "effect/Data"

/**
 * The input is not the one that the run was planned for.
 *
 * - `input`: the bytes of the file, or how its columns are read, are others
 * - `origin`, `token`: the run belongs to another API or account
 * - `row`: a row appeared while the run was under way; `row` is its number
 */
export class InputChangedError extends Data.TaggedError("InputChangedError")<{
  readonly what: "input" | "origin" | "token" | "row"
  readonly run: string
  readonly row?: number | undefined
}> {
  override get message(): string {
    return `${sentences[this.what](this.row ?? 0)} Run ${this.run} sends nothing more. ${advice[this.what]}`
  }
}

const sentences = {
  input: () => "The input has changed since the run was planned.",
  origin: () => "The run was planned for another API.",
  token: () => "The run was planned for another account.",
  row: (row: number) => `Row ${row} was not there when the run was planned.`,
}

const advice = {
  input: "Import it as a new run: rows that were created are recognised and passed over.",
  origin: "Set the base URL that it was planned for.",
  token: "Use a token of that account.",
  row: "Do not change the input while it is imported; import it again.",
}
