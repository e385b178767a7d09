// Finds how a row gets from one state to another: tries every operation in every state of a real journal in a temporary folder.
import { mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const folder = join(process.cwd(), "packages/journal")
const { Runs, SqliteRuns } = await import(pathToFileURL(join(folder, "src/index.ts")).href)
const load = createRequire(join(folder, "package.json"))
const Effect = load("effect/Effect")
const Stream = load("effect/Stream")

export const outcomes = [
  "created",
  "existed",
  "exists_after_doubt",
  "rejected",
  "invalid",
  "unknown",
  "not_sent",
]
const resolutions = ["created", "rejected", "send_again"]
/** The operations on a row, in words and as a call. A newer claim is what the next run makes after a kill. */
export const operations = [
  ["first attempt", (journal, claim, { key }) => journal.intent(claim, key, 1)],
  ["next attempt", (journal, claim, { key }) => journal.intent(claim, key, 2)],
  ["killed", (journal, _, { number }) => journal.claim({ from: number, to: number })],
  ...outcomes.map((outcome) => [
    `outcome ${outcome}`,
    (journal, claim, { key }) => journal.outcome(claim, key, { outcome }),
  ]),
  ...resolutions.map((resolution) => [
    `resolved ${resolution}`,
    (journal, _, { number }) => journal.resolve(number, resolution),
  ]),
]
const rowAt = (number) => ({
  key: `id:${number}`,
  content: "",
  number,
  line: number + 1,
  state: "ready",
})

/** Returns the name of a state: a row that is not at its end is a different one if it is in doubt. */
const nameOf = ({ doubt, state }) =>
  doubt && (state === "planned" || state === "sending") ? `${state}, in doubt` : state

/** Finds every state that operations lead to, each tried on another row; returns the state after each. */
const explore = (delivery) =>
  Effect.gen(function* () {
    const facts = {
      input: { sha256: "0".repeat(64), bytes: 1, mapping: delivery },
      origin: "http://127.0.0.1",
      tokenClass: "picture",
      delivery,
      tool: "picture",
    }
    const { journal } = yield* (yield* Runs).start(facts)
    const most = 500
    yield* journal.plan(
      Stream.fromIterable(Array.from({ length: most }, (_, index) => rowAt(index + 1))),
    )
    let number = 0
    const follow = (path) =>
      Effect.gen(function* () {
        const row = rowAt(++number)
        let claim = yield* journal.claim({ from: row.number, to: row.number })
        for (const [name, run] of path) {
          const result = yield* run(journal, claim, row)
          if (name === "killed") claim = result
        }
        const [record] = yield* journal.lookup([row])
        return nameOf(record)
      }).pipe(
        Effect.catch((error) =>
          error.reason === "wrong_state" ? Effect.succeed(undefined) : Effect.fail(error),
        ),
      )
    const pathTo = new Map([["planned", []]])
    const ways = []
    for (const [from, path] of pathTo) {
      for (const operation of operations) {
        const to = yield* follow([...path, operation])
        const [name] = operation
        if (to === undefined || (name === "killed" && to === from)) continue
        ways.push({ from, name, to })
        if (!pathTo.has(to)) pathTo.set(to, [...path, operation])
      }
    }
    return ways
  })

const directory = mkdtempSync(join(tmpdir(), "aelyst-row-life-"))
const run = (delivery) =>
  explore(delivery).pipe(
    Effect.scoped,
    Effect.provide(SqliteRuns.layer({ directory })),
    Effect.runPromise,
  )
const resent = await run("natural-key")
const once = await run("at-most-once")
rmSync(directory, { recursive: true })

// only the end of a kill depends on the delivery
const isKill = ({ name }) => name === "killed"
const named = (ways, delivery) =>
  ways.filter(isKill).map((way) => ({ ...way, name: `killed, ${delivery}` }))
export const key = ({ from, name, to }) => `${from} / ${name} / ${to}`
const others = (ways) => ways.filter((way) => !isKill(way))
if (others(resent).map(key).join() !== others(once).map(key).join())
  throw new Error("the deliveries differ in more than the kills: draw them apart")
/** Every way: from a state, by an operation, to a state. */
export const ways = [
  ...others(resent),
  ...named(resent, "natural-key"),
  ...named(once, "at-most-once"),
]
