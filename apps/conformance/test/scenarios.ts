/** Runs the sandbox's table of scenarios over one adapter. */
import type { Sandbox } from "@aelyst/sandbox"
import type { Expected, ScenarioReport, ScenarioClient, Variant } from "@aelyst/sandbox/scenarios"
import { play, variants } from "@aelyst/sandbox/scenarios"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import * as Plays from "../src/server/Plays.ts"

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

interface Play {
  readonly suite: Suite
  readonly variant: Variant
}

const playOne = async ({ suite, variant }: Play): Promise<Expected> => {
  await using sandbox = await Plays.startSandbox(variant)
  const client = await suite.connect(Plays.patient(variant), sandbox)
  try {
    return await play(variant, sandbox, client)
  } finally {
    await client.close()
  }
}

/** Lists the plays of a file: all begin before its first test, and run together. */
const registered: Array<Play> = []
const outcomes = new Map<Play, Promise<Expected>>()
const startAll = (): void => {
  for (const [one, outcome] of Plays.start(registered.splice(0), playOne)) {
    outcomes.set(one, outcome)
  }
}

/** Registers a test for every variant of the table. */
export const runScenarios = (suite: Suite): void => {
  const plays = variants
    .filter(suite.takes ?? (() => true))
    .map((variant) => ({ suite, variant, title: variant.title }))
  registered.push(...plays)
  describe(`the table over ${suite.name}`, () => {
    beforeAll(startAll)
    afterAll(() => Promise.allSettled(plays.map((one) => outcomes.get(one))))
    it.each(plays)("ends as the table expects: $title", async (one) => {
      const { variant } = one
      expect(await outcomes.get(one)).toEqual(suite.expected?.(variant) ?? variant.expected)
    })
  })
}

/** Returns the report of an error. */
export const failed = (error: {
  readonly _tag: string
  readonly outcome: string
}): ScenarioReport => ({ error: { name: error._tag, outcome: error.outcome } })
