/** Runs the sandbox's table of scenarios over one adapter. */
import { Sandbox } from "@aelyst/sandbox"
import type { Expected, ScenarioReport, ScenarioClient, Variant } from "@aelyst/sandbox/scenarios"
import { play, variants } from "@aelyst/sandbox/scenarios"
import { afterAll, describe, expect, it } from "vitest"

/** A client under test, and how it ends. */
export interface Adapter extends ScenarioClient {
  readonly close: () => Promise<void>
}

export interface Suite {
  readonly name: string
  /** Makes the client of one variant against its own sandbox. */
  readonly connect: (variant: Variant, sandbox: Sandbox) => Promise<Adapter>
  readonly start?: () => Promise<Sandbox>
  readonly takes?: (variant: Variant) => boolean
  /** What this adapter is to say, where it cannot say all that the table does. */
  readonly expected?: (variant: Variant) => Expected
  /** How many variants run at once. */
  readonly atOnce?: number
}

const playOne = async (variant: Variant, { connect, start }: Suite): Promise<Expected> => {
  await using sandbox = await (start ?? (() => Sandbox.start()))()
  const client = await connect(variant, sandbox)
  try {
    return await play(variant, sandbox, client)
  } finally {
    await client.close()
  }
}

/** Gives each variant a turn as soon as one is free: most of their time is waiting. */
const makeTurns = (atOnce: number) => {
  const waiting: Array<() => void> = []
  let free = atOnce
  return async <A>(run: () => Promise<A>): Promise<A> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

/** Registers a test for every variant of the table. */
export const runScenarios = (suite: Suite): void => {
  const taken = variants.filter(suite.takes ?? (() => true))
  const turn = makeTurns(suite.atOnce ?? 200)
  describe(`the table over ${suite.name}`, { timeout: 90_000 }, () => {
    let plays: ReadonlyMap<Variant, Promise<Expected>> | undefined
    const played = (variant: Variant) => {
      // all begin with the first test and go on together
      plays ??= new Map(
        taken.map((one) => {
          const outcome = turn(() => playOne(one, suite))
          outcome.catch(() => undefined)
          return [one, outcome]
        }),
      )
      return plays.get(variant)
    }
    afterAll(() => Promise.allSettled(plays?.values() ?? []))
    it.each(taken)("comes to what the table says: $title", async (variant) => {
      expect(await played(variant)).toEqual(suite.expected?.(variant) ?? variant.expected)
    })
  })
}

/** Names an error for the table. */
export const failed = (error: {
  readonly _tag: string
  readonly outcome: string
}): ScenarioReport => ({ error: { name: error._tag, outcome: error.outcome } })
