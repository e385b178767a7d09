/**
 * Measures an outbox on SQLite and on Postgres against minimal programs that do the same work, in the same run: an Express
 * route that makes one durable insert per form, and a loop that claims rows, posts them and ends them. Then how long
 * contacts wait when a process is killed, and when it is stopped in order.
 */
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { PostgresServer } from "@aelyst-apps/conformance/shared/PostgresServer"
import { startPostgres, urlOf } from "@aelyst-apps/conformance/shared/PostgresServer"
import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"
import { Sandbox } from "@aelyst/sandbox"
import { Agent, request } from "undici"

import { bareTable, makeBareTable, storeOf } from "./outbox-locations.ts"
import { takeover } from "./outbox-takeover.ts"
import type { Measured } from "./results.ts"
import { median, quantile, shuffled } from "./statistics.ts"

const script = new URL("./outbox-server.ts", import.meta.url)
const inFlight = 32

let serial = 0
const newContact = () => ({ firstName: "Ana", email: `test${serial++}@example.com` })

interface Accepting {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

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
  return { perSecond, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Returns the location of fresh rows: a new file, or an empty database. */
type Locations = (name: string) => Promise<string>

const filesIn =
  (directory: string): Locations =>
  async (name) =>
    join(directory, `${name}.db`)

const databasesOf =
  (server: PostgresServer): Locations =>
  async (name) => {
    const database = name.replaceAll("-", "_")
    await server.query(`CREATE DATABASE ${database}`)
    const url = urlOf(server.port).replace(/postgres$/, database)
    await makeBareTable(url)
    return url
  }

const accepting = async (
  locations: Locations,
  title: string,
  rounds: number,
): Promise<Required<Measured>> => {
  const kinds = ["bare", "outbox"]
  const apps = await Promise.all(
    kinds.map(async (kind) => {
      const child = fork(script, [kind, await locations(kind)])
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
  const ratio = (kind: string, name: keyof Accepting) => of(kind, name) / of("bare", name)
  const row = (kind: string, name: string) => [
    name,
    of(kind, "perSecond").toFixed(0),
    ratio(kind, "perSecond").toFixed(2),
    `${of(kind, "p50").toFixed(1)} ms`,
    `${of(kind, "p99").toFixed(1)} ms`,
    ratio(kind, "p99").toFixed(2),
  ]
  const table = {
    head: [
      `accepting on ${title}, 32 in flight`,
      "per second",
      "ratio",
      "p50",
      "p99",
      "p99, ratio",
    ],
    rows: [
      row("bare", "Express route with one durable insert"),
      row("outbox", "`createContact({ delivery: box })`"),
    ],
  }
  return {
    blocks: [table],
    goals: [
      {
        name: `accepting on ${title}, ratio`,
        value: ratio("outbox", "perSecond"),
        atLeast: 0.5,
      },
      { name: `accepting on ${title}, ratio of p99`, value: ratio("outbox", "p99"), atMost: 2 },
    ],
  }
}

const fill = async (kind: string, location: string, rows: number): Promise<void> => {
  const contacts = Array.from({ length: rows }, newContact)
  if (kind === "claims") {
    const bare = bareTable(location)
    await bare.fill(
      contacts.map((contact) => ({
        identifier: `email:${contact.email}`,
        body: JSON.stringify(contact),
      })),
    )
    return bare.close()
  }
  const down = new Aelyst({ baseUrl: "http://127.0.0.1:9", token: "sandbox_ok" })
  const { close, store } = storeOf(location)
  const box = outbox({ client: down, ...store, log: () => {} })
  await Promise.all(
    contacts.map((contact) =>
      box.accept({ identifier: `email:${contact.email}` as const, contact }),
    ),
  )
  await box.close({ timeoutMs: 0 })
  await down.close()
  return close()
}

const sending = async (
  locations: Locations,
  title: string,
  rounds: number,
  rows: number,
): Promise<Required<Measured>> => {
  const kinds = ["claims", "worker"]
  const samples = new Map(kinds.map((kind) => [kind, new Array<number>()]))
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffled(kinds, Math.random)) {
      await using sandbox = await Sandbox.start({ limit: 1_000_000, maxRequests: 100 })
      const location = await locations(`${kind}-${round}`)
      await fill(kind, location, rows)
      const workers: ReadonlyArray<ChildProcess> = await Promise.all(
        [0, 1].map(async () => {
          const child = fork(script, [kind, location, sandbox.baseUrl])
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
  const ratio = (kind: string) => of(kind) / of("claims")
  const row = (kind: string, name: string) => [name, of(kind).toFixed(0), ratio(kind).toFixed(2)]
  const table = {
    head: [`sending from ${title}, two workers, no limit`, "per second", "ratio"],
    rows: [row("claims", "loop that claims, posts and ends"), row("worker", "`@aelyst/outbox`")],
  }
  return {
    blocks: [table],
    goals: [{ name: `sending from ${title}, ratio`, value: ratio("worker"), atLeast: 0.7 }],
  }
}

/** Measures all of it. */
export const outboxCosts = async (options: {
  readonly rounds: number
  readonly rows: number
}): Promise<Measured> => {
  const { rounds, rows } = options
  const directory = mkdtempSync(join(tmpdir(), "aelyst-bench-"))
  await using server = await startPostgres()
  const stores = { SQLite: filesIn(directory), Postgres: databasesOf(server) }
  const parts: Array<Required<Measured>> = []
  try {
    for (const [title, locations] of Object.entries(stores)) {
      parts.push(await accepting(locations, title, rounds))
      parts.push(await sending(locations, title, Math.max(1, Math.ceil(rounds / 3)), rows))
    }
    parts.push(await takeover(stores, Math.max(1, Math.ceil(rounds / 3))))
    return {
      blocks: parts.flatMap(({ blocks }) => blocks),
      goals: parts.flatMap(({ goals }) => goals),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
