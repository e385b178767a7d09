/**
 * The main job: imports contacts.csv, a file as people have them, into a sandbox at the documented limit through the command,
 * kills the command in the middle, resumes it, and compares what arrived with contacts.ndjson field by field. Progress is on
 * stderr, the result on stdout.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Sandbox } from "@aelyst/sandbox"
import * as Command from "./Command.ts"
import type { Stored } from "./Compare.ts"
import { compare } from "./Compare.ts"
import type { Row } from "./Rows.ts"
import { fields, readRows } from "./Rows.ts"

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const say = (text: string) => process.stdout.write(`${text}\n`)
const note = (text: string) => process.stderr.write(`${text}\n`)

/** The options of the import that the file does not tell. */
const options = [
  "--yes",
  "--date-format=dmy",
  "--rejects=none",
  "--report=none",
  "--custom=Company Website:url=Website",
  "--custom=Seats:number",
  "--custom=Plan:list",
  "--custom=Renewal Date:date=Renewal",
  "--custom=Call Time:time",
  "--custom=Newsletter:checkbox",
  "--custom=Billing Email:email",
  "--custom=Notes",
  "--ignore=Lead Status",
]

const isStored = (value: unknown): value is Stored =>
  typeof value === "object" &&
  value !== null &&
  "identifier" in value &&
  typeof value.identifier === "string"

/** Reads the contacts of the sandbox over HTTP, as any client could. */
const readBack = async (baseUrl: string): Promise<ReadonlyArray<Stored>> => {
  const response = await fetch(new URL("/_sandbox/contacts", baseUrl))
  const body: unknown = await response.json()
  const contacts: unknown =
    typeof body === "object" && body !== null && "contacts" in body ? body.contacts : body
  if (!Array.isArray(contacts) || !contacts.every(isStored)) {
    throw new Error(`the sandbox did not list its contacts (status ${response.status})`)
  }
  return contacts
}

/** Waits until the sandbox has created so many contacts. */
const created = (sandbox: Sandbox, count: number): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0
    const stop = sandbox.subscribe((event) => {
      if (event.type !== "contact" || ++seen < count) return
      stop()
      resolve()
    })
  })

/** Returns how many contacts were created more than once, as the sandbox's ledger says. */
const createdTwice = (sandbox: Sandbox): number =>
  sandbox.ledger().filter(({ created: times }) => times > 1).length

const expectedRows = async (): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for await (const row of readRows(from("../contacts.ndjson"))) rows.push(row)
  return rows
}

/** Runs the job. Returns whether every contact arrived as it should, once. */
const run = async (sandbox: Sandbox, state: string): Promise<boolean> => {
  const expected = await expectedRows()
  const variables = {
    AELYST_BASE_URL: sandbox.baseUrl,
    AELYST_TOKEN: sandbox.tokens.ok,
    AELYST_STATE_DIR: state,
  }
  note(`sandbox at ${sandbox.baseUrl}, 10 requests per second`)
  const half = created(sandbox, Math.floor(expected.length * 0.4))
  const first = Command.start(["import", from("../contacts.csv"), ...options], variables)
  await Promise.race([half, first.ended])
  first.kill()
  const code = await first.ended
  note(`\n${code === null ? "killed" : `ended with ${code}`}; now: aelyst resume --yes`)
  const second = await Command.start(["resume", "--yes"], variables).ended
  if (second !== 0) note(`aelyst resume ended with ${second}`)

  const stored = await readBack(sandbox.baseUrl)
  const differences = compare(expected, stored)
  // rows are named by number: what they hold is personal
  for (const { row, field, kind } of differences) {
    note(`${row === undefined ? "a contact of no row" : `row ${row}`}: ${field} ${kind}`)
  }
  const twice = createdTwice(sandbox)
  const lost = new Set(differences.map((difference) => difference.row)).size
  const total = expected.length
  say(`created ${stored.length} of ${total}, ${lost} lost, ${twice} twice`)
  return code === null && second === 0 && stored.length === total && lost === 0 && twice === 0
}

const state = mkdtempSync(join(tmpdir(), "aelyst-demo-"))
// the page's own figures (W8); the window is not documented (D4)
const sandbox = await Sandbox.start({ limit: 10, windowMs: 1_000, fields })
// the command gets the signal, too, and ends
process.once("SIGINT", () => undefined)
try {
  process.exitCode = (await run(sandbox, state)) ? 0 : 1
} finally {
  await sandbox.close()
  rmSync(state, { recursive: true, force: true })
}
