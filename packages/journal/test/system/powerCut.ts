/** Records the system calls of a process that writes a journal, and makes the disks that a power cut between any two can leave. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export type Event =
  | { readonly kind: "mark"; readonly text: string }
  | { readonly kind: "create" | "unlink"; readonly name: string }
  | { readonly kind: "write"; readonly name: string; readonly at: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly name: string; readonly length: number }
  | { readonly kind: "sync"; readonly name: string }

const recorder = "strace"
const calls = "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink"
const bytesOf = (escaped: string) => Buffer.from(escaped.replaceAll("\\x", ""), "hex")

/** Joins the halves of calls that another thread interrupted. */
const joinedCalls = (log: string): ReadonlyArray<string> => {
  const begun = new Map<string, string>()
  return log.split("\n").flatMap((line) => {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith(" <unfinished ...>")) {
      begun.set(thread, rest.slice(0, -" <unfinished ...>".length))
      return []
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    return [resumed === null ? rest : `${begun.get(thread) ?? ""}${resumed[1] ?? ""}`]
  })
}

/** Runs the writer under strace, and returns what it did to its directory, in order. */
export const recordWriter = (
  directory: string,
  synchronous: "FULL" | "NORMAL" | "OFF",
  rows: number,
): ReadonlyArray<Event> => {
  const place = join(directory, synchronous)
  mkdirSync(place)
  const log = join(directory, `${synchronous}.log`)
  const writer = fileURLToPath(new URL("journalWriter.ts", import.meta.url))
  const program = [process.execPath, "--no-warnings", writer, join(place, "run.db")]
  const strace = ["-f", "-y", "-xx", "-s", "70000", "-e", `trace=${calls}`, "-o", log]
  const ended = spawnSync(recorder, [...strace, ...program, synchronous, `${rows}`], {
    encoding: "utf8",
  })
  if (ended.status !== 0) throw new Error(`the writer failed: ${ended.stderr}`)
  const files = new Set<string>()
  return joinedCalls(readFileSync(log, "utf8")).flatMap((call): ReadonlyArray<Event> => {
    const [, name = "", given = "", result = ""] = /^(\w+)\((.*)\) += (-?\d+)/.exec(call) ?? []
    if (result === "" || result.startsWith("-")) return []
    const [, fdPath = "", rest = ""] = /^\d+<([^>]*)>(?:, )?(.*)$/.exec(given) ?? []
    const path = fdPath === "" ? textIn(given) : bytesOf(fdPath).toString()
    if (path === "/dev/null" && name === "write") return [{ kind: "mark", text: textIn(rest) }]
    if (path === place && (name === "fsync" || name === "fdatasync"))
      return [{ kind: "sync", name: "." }]
    if (dirname(path) !== place) return []
    const file = basename(path)
    if (name === "openat") {
      if (!given.includes("O_CREAT") || files.has(file)) return []
      files.add(file)
      return [{ kind: "create", name: file }]
    }
    if (name === "unlink") {
      files.delete(file)
      return [{ kind: "unlink", name: file }]
    }
    if (name === "ftruncate") return [{ kind: "truncate", name: file, length: Number(rest) }]
    if (name === "pwrite64") {
      const [, text = "", at = ""] = /^"([^"]*)", \d+, (\d+)$/.exec(rest) ?? []
      const data = bytesOf(text).subarray(0, Number(result))
      return [{ kind: "write", name: file, at: Number(at), data }]
    }
    return name.endsWith("sync") ? [{ kind: "sync", name: file }] : []
  })
}

/** The first text of a call: what it writes, or the path that it names. */
const textIn = (given: string) => bytesOf(/"([^"]*)"/.exec(given)?.[1] ?? "").toString()

type Change = Extract<Event, { readonly kind: "write" | "truncate" }>

interface Inode {
  durable: Buffer
  pending: Array<Change>
}

const changed = (content: Buffer, change: Change): Buffer => {
  if (change.kind === "truncate") {
    const cut = Buffer.alloc(change.length)
    content.copy(cut, 0, 0, change.length)
    return cut
  }
  const length = Math.max(content.length, change.at + change.data.length)
  const grown = Buffer.alloc(length)
  content.copy(grown)
  change.data.copy(grown, change.at)
  return grown
}

/** A disk with a cache: what was synced is durable, of the rest a power cut keeps what it likes. */
export class Disk {
  readonly #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()

  apply(event: Event): void {
    if (event.kind === "mark") return
    const inode = this.#names.get(event.name)
    if (event.kind === "create")
      this.#names.set(event.name, { durable: Buffer.alloc(0), pending: [] })
    else if (event.kind === "unlink") this.#names.delete(event.name)
    else if (event.kind === "sync" && event.name === ".") this.#durableNames = new Map(this.#names)
    else if (inode === undefined) throw new Error(`${event.name} was never created`)
    else if (event.kind === "write" || event.kind === "truncate") inode.pending.push(event)
    else {
      inode.durable = inode.pending.reduce(changed, inode.durable)
      inode.pending = []
    }
  }

  /**
   * Writes what is left after a power cut that keeps each change that was not synced if `keeps` says so, and of the last write the
   * bytes between the two places that `tear` returns.
   */
  cut(
    directory: string,
    keeps: () => boolean,
    tear: (length: number) => readonly [number, number],
  ): void {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const now = this.#names.get(name)
      const then = this.#durableNames.get(name)
      const inode = now === then ? now : keeps() ? now : then
      if (inode === undefined) continue
      const kept = inode.pending.filter(keeps)
      const last = kept.at(-1)
      if (last?.kind === "write") {
        const [from, to] = tear(last.data.length)
        kept[kept.length - 1] = { ...last, at: last.at + from, data: last.data.subarray(from, to) }
      }
      const content = kept.reduce(changed, inode.durable)
      writeFileSync(join(directory, name), content, { mode: 0o600 })
    }
  }
}
