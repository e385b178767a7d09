/**
 * Creates contacts with the SDK in a process without a free file descriptor. Run under `ulimit -n`, with the base URL and
 * the action as arguments. Prints an `Ended` as JSON.
 */
import { closeSync, openSync } from "node:fs"

import type { AttemptRecord } from "@aelyst/node"
import { Aelyst, isAelystError } from "@aelyst/node"

/** The outcome of the second create; the first one only loads modules that are loaded late. */
export interface Ended {
  /** How many descriptors were opened until none was left. */
  readonly opened: number
  /** The code of the error that ended the opening. */
  readonly code: string
  readonly to: string
  readonly outcome: string
  readonly causes: ReadonlyArray<string>
  /** The outcome of another create, once descriptors were free again. */
  readonly after: string
}

const [, , baseUrl = "", frees = ""] = process.argv
const token = "sandbox_ok"
const ana = { firstName: "Ana" }

const first = new Aelyst({ baseUrl, token })
await first.contacts.create("id:first", ana)
await first.close()

const opened: Array<number> = []
const free = () => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor)
}
let code = ""
while (code === "") {
  try {
    opened.push(openSync(process.execPath, "r"))
  } catch (error) {
    code = String(Reflect.get(Object(error), "code"))
  }
}
const count = opened.length

const causesOf = (attempts: ReadonlyArray<AttemptRecord>) =>
  attempts.map(({ cause, status }) => cause ?? String(status))
const aelyst = new Aelyst({
  baseUrl,
  token,
  hooks: {
    onAttempt: ({ number }) => {
      if (frees === "frees" && number === 2) free()
    },
  },
})
const ended = await aelyst.contacts.create("id:second", ana).then(
  ({ result, attempts }) => ({ to: result, outcome: "created", causes: causesOf(attempts) }),
  (error: unknown) => {
    if (!isAelystError(error)) throw error
    return { to: error._tag, outcome: error.outcome, causes: causesOf(error.attempts) }
  },
)
free()
const { result: after } = await aelyst.contacts.create("id:third", ana)
await aelyst.close()
const report: Ended = { opened: count, code, ...ended, after }
process.stdout.write(JSON.stringify(report))
