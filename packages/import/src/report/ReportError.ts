/** Reports that a file could not be written. */
import * as Data from "effect/Data"

/** A file for rejects or a report could not be written. */
export class ReportError extends Data.TaggedError("ReportError")<{
  readonly path: string
  /** `link`: it is a symbolic link; `directory`: it is a directory; `device`: it is a device or a pipe; `system`: the file system said no. */
  readonly reason: "link" | "directory" | "device" | "system"
  /** The code of the file system, such as `ENOSPC`. */
  readonly errno?: string | undefined
}> {
  /** The fault in words, without the path. */
  get problem(): string {
    if (this.reason === "link")
      return "it is a symbolic link, and the file behind it would be replaced"
    if (this.reason === "directory") return "it is a directory"
    if (this.reason === "device") return "it is a device or a pipe, not a file"
    return `cannot write the file (${this.errno ?? "unknown error"})`
  }
  /** The way out. */
  get advice(): string {
    return this.errno === "ENOSPC" || this.errno === "EDQUOT"
      ? "make room on the disk, or give a path on another one"
      : "give a path in a directory that you can write to"
  }
  override get message(): string {
    return `${this.path}: ${this.problem}; ${this.advice}`
  }
}

const isErrno = (cause: unknown): cause is { readonly code: string } =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"

/** Returns the code of an error of the file system. */
export const errnoOf = (cause: unknown): string | undefined =>
  isErrno(cause) ? cause.code : undefined
