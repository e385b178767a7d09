/** Measures how long contacts wait when the process that has them is killed, and when a deploy stops it in order. */
import { Fleet } from "@aelyst-apps/conformance/outbox/Fleet"
import { outbox } from "@aelyst/outbox"
import { Sandbox } from "@aelyst/sandbox"
import { setTimeout as sleep } from "node:timers/promises"

import { storeOf } from "./outbox-locations.ts"
import type { Goal, Measured } from "./results.ts"
import { median } from "./statistics.ts"

const leaseMs = 5_000
const held = 8

const fleetOf = ({ baseUrl, tokens }: Sandbox, location: string): Fleet =>
  new Fleet({
    baseUrl,
    token: tokens.ok,
    ...(location.startsWith("postgres://") ? { url: location } : { file: location }),
    delivery: "natural-key",
    leaseMs,
    doubtDelayMs: 1_000,
  })

const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await sleep(10)
}

/** Kills a process while all of its requests are in flight; returns when another one has claimed them, in milliseconds. */
const kill = async (location: string): Promise<number> => {
  await using sandbox = await Sandbox.start({ limit: 100_000, latencyMs: 60_000 })
  await using fleet = fleetOf(sandbox, location)
  const victim = fleet.start()
  await victim.ready
  for (let n = 0; n < held; n++) fleet.send(victim, { accept: `id:${n}` })
  await until(() => sandbox.requests().length === held)
  const other = fleet.start()
  await other.ready
  // its lease is extended every 1.5 s: any moment in between
  await sleep(Math.random() * 2_000)
  const { close, store } = storeOf(location)
  const reader = outbox({ ...store, log: () => {} })
  await fleet.kill(victim)
  const began = performance.now()
  // a claim of a contact whose request was noted begins in doubt
  await until(async () => (await reader.list({ limit: held })).every(({ doubt }) => doubt))
  const elapsed = performance.now() - began
  await reader.close()
  await close()
  return elapsed
}

/** Stops one of two processes in order; returns the longest time without a request, in milliseconds, and the repeats. */
const deploy = async (location: string) => {
  const count = 1_000
  await using sandbox = await Sandbox.start({ limit: 100_000, latencyMs: 20 })
  await using fleet = fleetOf(sandbox, location)
  const [old, next] = [fleet.start(), fleet.start()]
  await Promise.all([old.ready, next.ready])
  for (let n = 0; n < count; n++) fleet.send(n % 2 === 0 ? old : next, { accept: `id:${n}` })
  await until(() => fleet.replies === count && sandbox.requests().length > 20)
  const stoppedAt = Date.now()
  await fleet.stop(old)
  // a busy database may have refused some
  await until(() => sandbox.contacts().length >= fleet.accepted.size)
  const times = sandbox.requests().map(({ at }) => at)
  const after = [stoppedAt, ...times.filter((at) => at >= stoppedAt)].toSorted((a, b) => a - b)
  const gaps = after.slice(1).map((at, index) => at - (after[index] ?? at))
  const repeats = sandbox.ledger().filter(({ posts }) => posts > 1).length
  await fleet.stop(next)
  return { silentMs: Math.max(0, ...gaps), repeats }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** Measures both on each store. */
export const takeover = async (
  stores: Readonly<Record<string, (name: string) => Promise<string>>>,
  rounds: number,
): Promise<Required<Measured>> => {
  const rows: Array<ReadonlyArray<string>> = []
  const goals: Array<Goal> = []
  for (const [title, locations] of Object.entries(stores)) {
    const kills: Array<number> = []
    const deploys: Array<Awaited<ReturnType<typeof deploy>>> = []
    for (let round = 0; round < rounds; round++) {
      kills.push(await kill(await locations(`kill-${round}`)))
      deploys.push(await deploy(await locations(`deploy-${round}`)))
    }
    const longestMs = Math.max(...kills)
    const silentMs = Math.max(...deploys.map((each) => each.silentMs))
    const repeats = deploys.reduce((sum, each) => sum + each.repeats, 0)
    rows.push([
      title,
      `${seconds(median(kills))}, ${seconds(longestMs)}`,
      seconds(silentMs),
      String(repeats),
    ])
    goals.push(
      {
        name: `taken over from a killed process, ${title}`,
        value: longestMs / 1_000,
        // the lease and one second
        atMost: leaseMs / 1_000 + 1,
        unit: "s",
      },
      {
        name: `longest silence of a deploy, ${title}`,
        value: silentMs / 1_000,
        atMost: 1,
        unit: "s",
      },
      { name: `sent twice in a deploy, ${title}`, value: repeats, atMost: 0 },
    )
  }
  const head = [
    `a process of two ends, lease ${seconds(leaseMs)}, ${rounds} times`,
    "kill -9: taken over after (median, longest)",
    "stopped in order: longest silence",
    "sent twice",
  ]
  return { blocks: [{ head, rows }], goals }
}
