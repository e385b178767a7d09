/**
 * The contacts in a file, one change per line of JSON, so that they outlive the process. A line is written before its
 * change is told to anybody; what a crash left of the last line is cut off when the file is opened again.
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

const Kept = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^[1-9]\d{0,14}$/)),
  identifier: Schema.String,
  key: Schema.String,
  payload: Payload,
  createdAt: Schema.Finite,
  readyAt: Schema.Finite,
  merges: Schema.Int,
})

/** A contact as it is kept. */
export type Kept = typeof Kept.Type

const Line = Schema.Union([
  Schema.Struct({ put: Kept }),
  Schema.Struct({ remove: Schema.Array(Schema.String) }),
])
const decode = Schema.decodeUnknownResult(Line)

const header = '{"aelyst-sandbox":1}\n'
// contacts are personal data: the owner's alone
const MODE = 0o600

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown"

const parse = (line: string): typeof Line.Type | undefined => {
  try {
    return Result.getOrUndefined(decode(JSON.parse(line)))
  } catch {
    return undefined
  }
}

export class DataFile {
  /** What the file held when it was opened, in order of creation. */
  readonly contacts: ReadonlyArray<Kept>
  readonly #fd: number
  /** Where the next line begins. */
  #size: number
  #closed = false

  /** Opens or makes a file. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` for one that is not of this kind. */
  constructor(path: string) {
    try {
      // a link could lead the contacts to a place that others read
      const noFollow: number | undefined = constants.O_NOFOLLOW
      this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT | (noFollow ?? 0), MODE)
    } catch (error) {
      throw configError(`data: the file cannot be opened (${codeOf(error)})`)
    }
    try {
      if (!fstatSync(this.#fd).isFile()) throw configError("data: that is no file")
      const bytes = readFileSync(this.#fd)
      // what follows the last line break is a line that a crash cut
      const end = bytes.lastIndexOf(0x0a) + 1
      const text = bytes.toString("utf8", 0, end)
      if (bytes.length > 0 && !text.startsWith(header) && !header.startsWith(bytes.toString()))
        throw configError("data: the file was not written by the sandbox, and is left alone")
      this.contacts = read(text)
      fchmodSync(this.#fd, MODE)
      this.#size = end
      ftruncateSync(this.#fd, end)
      if (end === 0 && !this.#write(header)) throw configError("data: the file cannot be written")
    } catch (error) {
      closeSync(this.#fd)
      throw error
    }
  }

  /** Writes a line whole or not at all; says whether it is written. */
  #write(line: string): boolean {
    // the number of a closed file may belong to another one by now
    if (this.#closed) return false
    const bytes = Buffer.from(line)
    try {
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#size + at)
      this.#size += bytes.length
      return true
    } catch {
      // a full disk, mostly: half a line would spoil the next one
      ftruncateSync(this.#fd, this.#size)
      return false
    }
  }

  /** Writes a contact, new or changed; says whether it is written. */
  put(contact: Kept): boolean {
    const { createdAt, id, identifier, key, merges, payload, readyAt } = contact
    const put = { id, identifier, key, payload, createdAt, readyAt, merges }
    return this.#write(`${JSON.stringify({ put })}\n`)
  }

  /** Writes that contacts are gone. Throws where that cannot be written. */
  remove(ids: ReadonlyArray<string>): void {
    if (!this.#write(`${JSON.stringify({ remove: ids })}\n`))
      throw configError("data: the file cannot be written")
  }

  /** Empties the file. */
  clear(): void {
    if (this.#closed) return
    this.#size = header.length
    ftruncateSync(this.#fd, this.#size)
  }

  /** Closes the file; nothing is written to it any more. */
  close(): void {
    if (!this.#closed) closeSync(this.#fd)
    this.#closed = true
  }
}

const read = (text: string): ReadonlyArray<Kept> => {
  const contacts = new Map<string, Kept>()
  for (const [index, line] of text.split("\n").entries()) {
    if (index === 0 || line === "") continue
    const change = parse(line)
    if (change === undefined)
      throw configError(`data: line ${index + 1} of the file cannot be read, and is left alone`)
    if ("put" in change) contacts.set(change.put.id, change.put)
    else for (const id of change.remove) contacts.delete(id)
  }
  return [...contacts.values()]
}
