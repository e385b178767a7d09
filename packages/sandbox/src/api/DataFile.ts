/**
 * The contacts in a file, one change per line of JSON, so that they outlive the process. A line is written before its
 * change becomes visible; an incomplete last line, left by a crash, is removed when the file is opened again.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs"

import { Payload } from "@aelyst/core/contract"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { configError } from "./Config.ts"
import { lock } from "./FileLock.ts"

const Kept = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^[1-9]\d{0,14}$/)),
  identifier: Schema.String,
  key: Schema.String,
  payload: Payload,
  createdAt: Schema.Finite,
  readyAt: Schema.Finite,
  merges: Schema.Int,
})

/** A contact as it is stored. */
export type Kept = typeof Kept.Type

const Change = Schema.Union([
  Schema.Struct({ put: Kept }),
  Schema.Struct({ remove: Schema.Array(Schema.String) }),
])
const decode = Schema.decodeUnknownResult(Change)

const header = '{"aelyst-sandbox":1}\n'
// contacts are personal data: only the owner may read them
const MODE = 0o600

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown"

/** Creates the error of a data file that cannot be written. */
export const cannotWrite = (): TypeError =>
  configError("`data`: the file cannot be written. Check its disk and its permissions")

const parse = (line: string): typeof Change.Type | undefined => {
  try {
    return Result.getOrUndefined(decode(JSON.parse(line)))
  } catch {
    return undefined
  }
}

/** An open data file. */
export class DataFile {
  /** The contacts in the file when it was opened, in order of creation. */
  readonly contacts: ReadonlyArray<Kept>
  readonly #fd: number
  readonly #unlock: () => void
  /** The offset of the next line. */
  #size: number
  #closed = false

  /**
   * Opens or creates a file, and locks it until it is closed. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if it is
   * not a data file, or if another sandbox has it open.
   */
  constructor(path: string) {
    try {
      // a link could send the contacts to a place that others can read
      const noFollow: number | undefined = constants.O_NOFOLLOW
      this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT | (noFollow ?? 0), MODE)
    } catch (error) {
      throw configError(`\`data\` must be a file that can be read and written (${codeOf(error)})`)
    }
    try {
      this.#unlock = lock(path)
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
    try {
      if (!fstatSync(this.#fd).isFile()) throw configError("`data` must be a regular file")
      const bytes = readFileSync(this.#fd)
      // anything after the last line break is a line that a crash cut
      const end = bytes.lastIndexOf(0x0a) + 1
      const text = bytes.toString("utf8", 0, end)
      if (bytes.length > 0 && !text.startsWith(header) && !header.startsWith(bytes.toString()))
        throw configError(
          "`data` is a file that the sandbox did not write; it was left unchanged. Name another file",
        )
      this.contacts = read(text)
      fchmodSync(this.#fd, MODE)
      this.#size = end
      ftruncateSync(this.#fd, end)
      if (end === 0 && !this.#write(header)) throw cannotWrite()
    } catch (error) {
      this.#unlock()
      closeSync(this.#fd)
      throw error
    }
  }

  /** Writes a whole line or nothing; returns whether it was written. */
  #write(line: string): boolean {
    // the descriptor of a closed file may belong to another file by now
    if (this.#closed) return false
    const bytes = Buffer.from(line)
    try {
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#size + at)
      this.#size += bytes.length
      return true
    } catch {
      // usually a full disk: half a line would corrupt the next one
      ftruncateSync(this.#fd, this.#size)
      return false
    }
  }

  /** Writes a new or changed contact; returns whether it was written. */
  put(contact: Kept): boolean {
    const { createdAt, id, identifier, key, merges, payload, readyAt } = contact
    const put = { id, identifier, key, payload, createdAt, readyAt, merges }
    return this.#write(`${JSON.stringify({ put })}\n`)
  }

  /** Writes that contacts were removed. Throws if that cannot be written. */
  remove(ids: ReadonlyArray<string>): void {
    if (!this.#write(`${JSON.stringify({ remove: ids })}\n`)) throw cannotWrite()
  }

  /** Removes all contacts from the file. */
  clear(): void {
    if (this.#closed) return
    this.#size = header.length
    ftruncateSync(this.#fd, this.#size)
  }

  /** Closes the file; later writes are ignored. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#fd)
    this.#unlock()
  }
}

const read = (text: string): ReadonlyArray<Kept> => {
  const contacts = new Map<string, Kept>()
  for (const [index, line] of text.split("\n").entries()) {
    if (index === 0 || line === "") continue
    const change = parse(line)
    if (change === undefined)
      throw configError(
        `\`data\`: line ${index + 1} of the file cannot be read; the file was left unchanged. Fix the line or name another file`,
      )
    if ("put" in change) contacts.set(change.put.id, change.put)
    else for (const id of change.remove) contacts.delete(id)
  }
  return [...contacts.values()]
}
