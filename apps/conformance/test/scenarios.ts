/** Runs the sandbox's table of scenarios over one adapter. */
import { Sandbox } from "@aelyst/sandbox"
import type { Expected, ScenarioReport, ScenarioClient, Variant } from "@aelyst/sandbox/scenarios"
import { play, variants } from "@aelyst/sandbox/scenarios"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import * as Ports from "../src/network/Ports.ts"

/** A client under test, and how it ends. */
export interface Adapter extends ScenarioClient {
  readonly close: () => Promise<void>
}

export interface Suite {
  readonly name: string
  /** Creates the client for one variant, against a sandbox of that variant. */
  readonly connect: (variant: Variant, sandbox: Sandbox) => Promise<Adapter>
  readonly takes?: (variant: Variant) => boolean
  /** Returns the expected report, if this adapter cannot report everything in the table. */
  readonly expected?: (variant: Variant) => Expected
}

/** Options that close no slow connection: sandbox and clients share this process, and may all be late. */
const unhurried = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, idleTimeoutMs: 60_000 }

const playOne = async (variant: Variant, { connect }: Suite): Promise<Expected> => {
  // a server that starts must not get the port of one that goes down
  const port = variant.down ? await Ports.own() : 0
  await using sandbox = await Sandbox.start({ ...unhurried, port })
  const client = await connect(patient(variant), sandbox)
  try {
    return await play(variant, sandbox, client)
  } finally {
    await client.close()
  }
}

const stalls = ({ faults }: Variant) => faults.some(({ preset }) => preset?.startsWith("stall"))

/**
 * Returns a variant with long deadlines. Only a response that never comes is ended by one, and even then the next response
 * must arrive in time on a busy machine.
 */
const patient = (variant: Variant): Variant => ({
  ...variant,
  client: { ...variant.client, timeoutMs: stalls(variant) ? 8_000 : 60_000 },
})

/** Returns whether the response of a variant needs much CPU time, which client and sandbox share. */
const isLarge = ({ faults }: Variant) =>
  faults.some(({ preset }) => /^(?:large-body|gzip-bomb)/.test(preset ?? ""))

/** Limits the plays at a time; most of their time is waiting. */
const limiter = (atFirst: number, atOnce: number) => {
  const waiting: Array<() => void> = []
  // one more after each that ends, because code is slow when it runs for the first time
  let free = atFirst
  let more = atOnce - atFirst
  return async <A>(run: () => Promise<A>): Promise<A> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await run()
    } finally {
      let left = more > 0 ? 2 : 1
      if (more > 0) more--
      for (; left > 0; left--) {
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    }
  }
}

/** So many plays at a time that a busy machine serves them within the clients' deadlines. */
const turn = limiter(2, 16)
/** Plays that mostly wait for a deadline. */
const turnToStall = limiter(8, 16)

/** Starts the plays of each suite of a file: all begin before its first test, and run together. */
const starts: Array<{
  readonly light: () => ReadonlyArray<Promise<unknown>>
  readonly large: (after: Promise<unknown>) => Promise<unknown>
}> = []
const startAll = (): void => {
  const all = starts.splice(0)
  let last: Promise<unknown> = Promise.allSettled(all.flatMap(({ light }) => light()))
  for (const { large } of all) last = large(last)
}

/** Registers a test for every variant of the table. */
export const runScenarios = (suite: Suite): void => {
  const taken = variants.filter(suite.takes ?? (() => true))
  const plays = new Map<Variant, Promise<Expected>>()
  const start = (variant: Variant, run: () => Promise<Expected>) => {
    const outcome = run()
    plays.set(variant, outcome)
    return outcome.catch(() => undefined)
  }
  starts.push({
    light: () =>
      taken
        .filter((one) => !isLarge(one))
        .map((one) =>
          start(one, () => (stalls(one) ? turnToStall : turn)(() => playOne(one, suite))),
        ),
    large: (after) =>
      taken
        .filter(isLarge)
        .reduce((last, one) => start(one, () => last.then(() => playOne(one, suite))), after),
  })
  describe(`the table over ${suite.name}`, () => {
    beforeAll(startAll)
    afterAll(() => Promise.allSettled(plays.values()))
    it.each(taken)("ends as the table expects: $title", async (variant) => {
      expect(await plays.get(variant)).toEqual(suite.expected?.(variant) ?? variant.expected)
    })
  })
}

/** Returns the report of an error. */
export const failed = (error: {
  readonly _tag: string
  readonly outcome: string
}): ScenarioReport => ({ error: { name: error._tag, outcome: error.outcome } })
