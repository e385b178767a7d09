/**
 * Measures an outbox on SQLite against minimal programs that do the same work, in the same run: an Express route that makes
 * one durable insert per form, and a loop that claims rows, posts them and ends them.
 */
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"
import { Sandbox } from "@aelyst/sandbox"
import { Agent, request } from "undici"

import { median, shuffled, table } from "./statistics.ts"

const script = new URL("./outbox-server.ts", import.meta.url)
const inFlight = 32

let serial = 0
const newContact = () => ({ firstName: "Ana", email: `test${serial++}@example.com` })

interface Accepting {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const quantile = (sorted: ReadonlyArray<number>, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** Posts so many contacts, 32 at a time. */
const post = async (agent: Agent, url: string, calls: number): Promise<Accepting> => {
  const times: Array<number> = []
  let left = calls
  const began = performance.now()
  const sender = async () => {
    while (left-- > 0) {
      const at = performance.now()
      const { body, statusCode } = await request(url, {
        dispatcher: agent,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(newContact()),
      })
      await body.dump()
      if (statusCode !== 202) throw new Error(`${url} responded with ${statusCode}`)
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
  const perSecond = (calls / (performance.now() - began)) * 1_000
  const sorted = times.toSorted((a, b) => a - b)
  return { perSecond, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

const accepting = async (directory: string, rounds: number): Promise<string> => {
  const kinds = ["bare", "outbox"]
  const apps = await Promise.all(
    kinds.map(async (kind) => {
      const child = fork(script, [kind, join(directory, `${kind}.db`)])
      const [started] = await once(child, "message")
      return { kind, child, url: `http://127.0.0.1:${Reflect.get(Object(started), "port")}/` }
    }),
  )
  const agent = new Agent({ connections: 64 })
  const samples = new Map(kinds.map((kind) => [kind, new Array<Accepting>()]))
  for (let round = -2; round < rounds; round++) {
    for (const { kind, url } of shuffled(apps, Math.random)) {
      const sample = await post(agent, url, 1_000)
      // the first rounds warm up
      if (round >= 0) samples.get(kind)?.push(sample)
    }
  }
  await agent.close()
  for (const { child } of apps) child.kill("SIGKILL")
  const of = (kind: string, name: keyof Accepting) =>
    median((samples.get(kind) ?? []).map((sample) => sample[name]))
  const row = (kind: string, name: string) => [
    name,
    of(kind, "perSecond").toFixed(0),
    (of(kind, "perSecond") / of("bare", "perSecond")).toFixed(2),
    `${of(kind, "p50").toFixed(1)} ms`,
    `${of(kind, "p99").toFixed(1)} ms`,
    (of(kind, "p99") / of("bare", "p99")).toFixed(2),
  ]
  return table(
    ["accepting, 32 in flight", "per second", "ratio", "p50", "p99", "p99, ratio"],
    [
      row("bare", "Express route with one durable insert"),
      row("outbox", "`createContact({ delivery: box })`"),
    ],
  )
}

const fill = async (kind: string, file: string, rows: number): Promise<void> => {
  if (kind === "worker") {
    const down = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: "sandbox_ok" })
    const box = outbox({ client: down, file, log: () => {} })
    await Promise.all(
      Array.from({ length: rows }, () => {
        const contact = newContact()
        return box.accept({ identifier: `email:${contact.email}` as const, contact })
      }),
    )
    await box.close({ timeoutMs: 0 })
    await down.close()
    return
  }
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode=WAL;
    CREATE TABLE rows (seq INTEGER PRIMARY KEY, identifier TEXT, body TEXT, state TEXT, owner INTEGER); BEGIN`)
  const insert = database.prepare(
    "INSERT INTO rows (identifier, body, state) VALUES (?, ?, 'planned')",
  )
  for (let n = 0; n < rows; n++) {
    const contact = newContact()
    insert.run(`email:${contact.email}`, JSON.stringify(contact))
  }
  database.exec("COMMIT")
  database.close()
}

const sending = async (directory: string, rounds: number, rows: number): Promise<string> => {
  const kinds = ["claims", "worker"]
  const samples = new Map(kinds.map((kind) => [kind, new Array<number>()]))
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffled(kinds, Math.random)) {
      await using sandbox = await Sandbox.start({ limit: 1_000_000, maxRequests: 100 })
      const file = join(directory, `${kind}-${round}.db`)
      await fill(kind, file, rows)
      const workers: ReadonlyArray<ChildProcess> = await Promise.all(
        [0, 1].map(async () => {
          const child = fork(script, [kind, file, sandbox.baseUrl])
          await once(child, "message")
          return child
        }),
      )
      const began = performance.now()
      await Promise.all(
        workers.map((child) => {
          const done = once(child, "message")
          child.send("start")
          return done
        }),
      )
      samples.get(kind)?.push((rows / (performance.now() - began)) * 1_000)
      if (sandbox.contacts().length !== rows) throw new Error(`${kind} created too few`)
    }
  }
  const of = (kind: string) => median(samples.get(kind) ?? [])
  const row = (kind: string, name: string) => [
    name,
    of(kind).toFixed(0),
    (of(kind) / of("claims")).toFixed(2),
  ]
  return table(
    ["sending, two workers, no limit", "per second", "ratio"],
    [row("claims", "loop that claims, posts and ends"), row("worker", "`@aelyst/outbox`")],
  )
}

/** Measures both and renders the tables. */
export const outboxCosts = async (options: {
  readonly rounds: number
  readonly rows: number
}): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), "aelyst-bench-"))
  try {
    const accepted = await accepting(directory, options.rounds)
    const sent = await sending(directory, Math.max(1, Math.ceil(options.rounds / 3)), options.rows)
    return `${accepted}\n\n${sent}`
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
