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
  /** Makes the client of one variant against its own sandbox. */
  readonly connect: (variant: Variant, sandbox: Sandbox) => Promise<Adapter>
  readonly takes?: (variant: Variant) => boolean
  /** What this adapter is to say, where it cannot say all that the table does. */
  readonly expected?: (variant: Variant) => Expected
}

/** Closes nothing for its slowness: the sandbox shares this process with its clients, and they may all be late. */
const unhurried = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, idleTimeoutMs: 60_000 }

const playOne = async (variant: Variant, { connect }: Suite): Promise<Expected> => {
  // the port of a server that goes down must not be given to the next one that starts
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
 * Gives a variant time: a deadline is waited for only where an answer never comes, and even then the next answer has
 * to come in it, on a machine that does other things.
 */
const patient = (variant: Variant): Variant => ({
  ...variant,
  client: { ...variant.client, timeoutMs: stalls(variant) ? 8_000 : 60_000 },
})

/** Says of a variant that its answer takes the processor for a while; client and sandbox share it. */
const isLarge = ({ faults }: Variant) =>
  faults.some(({ preset }) => /^(?:large-body|gzip-bomb)/.test(preset ?? ""))

/** Gives each play a turn as soon as one is free: most of their time is waiting. */
const makeTurns = (atFirst: number, atOnce: number) => {
  const waiting: Array<() => void> = []
  // one more with each that ends: code that runs for the first time is slow
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

/** No more at once than a busy machine serves within the deadlines that a client sets itself. */
const turn = makeTurns(2, 16)
/** These do little but wait for a deadline. */
const turnToStall = makeTurns(8, 16)

/** What starts the plays of each suite of a file: all begin with its first test, and go on together. */
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
    it.each(taken)("comes to what the table says: $title", async (variant) => {
      expect(await plays.get(variant)).toEqual(suite.expected?.(variant) ?? variant.expected)
    })
  })
}

/** Names an error for the table. */
export const failed = (error: {
  readonly _tag: string
  readonly outcome: string
}): ScenarioReport => ({ error: { name: error._tag, outcome: error.outcome } })
