/**
 * Creates contacts in a process that has no descriptor left, over the SDK: to be run under `ulimit -n`, with the base URL
 * and what to do. Prints an `Ended` as JSON.
 */
import { closeSync, openSync } from "node:fs"

import type { AttemptRecord } from "@aelyst/node"
import { Aelyst, isAelystError } from "@aelyst/node"

/** What the second create came to; the first only loads what is loaded late. */
export interface Ended {
  /** How many descriptors were taken until there were none. */
  readonly taken: number
  /** What stopped the taking. */
  readonly code: string
  readonly to: string
  readonly outcome: string
  readonly causes: ReadonlyArray<string>
  /** What a further create came to, once descriptors were free again. */
  readonly after: string
}

const [, , baseUrl = "", frees = ""] = process.argv
const token = "sandbox_ok"
const ana = { firstName: "Ana" }

const first = new Aelyst({ baseUrl, token })
await first.contacts.create("id:first", ana)
await first.close()

const taken: Array<number> = []
const free = () => {
  for (const descriptor of taken.splice(0)) closeSync(descriptor)
}
let code = ""
while (code === "") {
  try {
    taken.push(openSync(process.execPath, "r"))
  } catch (error) {
    code = String(Reflect.get(Object(error), "code"))
  }
}
const count = taken.length

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
const told: Ended = { taken: count, code, ...ended, after }
process.stdout.write(JSON.stringify(told))
