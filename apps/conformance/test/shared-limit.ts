/** One limit for several processes, on a real store that breaks; L1 to L5. The judge is the ledger of the API. */
import { setTimeout as sleep } from "node:timers/promises"

import { assert, describe, it } from "@effect/vitest"

import type { LimiterKind } from "../../../packages/sandbox/src/api/Limiter.ts"
import * as FaultProxy from "../src/network/FaultProxy.ts"
import { longestGap } from "../src/shared/Figures.ts"
import type { Bounds, Outage } from "../src/shared/Judge.ts"
import { faultsOf, faultsOfOutage } from "../src/shared/Judge.ts"
import type { Played, RunOptions, Running } from "../src/shared/Run.ts"
import { play } from "../src/shared/Run.ts"
import type { SdkInput, Variant } from "../src/shared/sdk-worker.ts"
import type { StoreKind, TestedStore } from "../src/shared/TestedStores.ts"

const module = new URL("../src/shared/sdk-worker.ts", import.meta.url)
const four = [0, 1, 2, 3]
/** Three of the five limiters: one of each family. */
const families: ReadonlyArray<LimiterKind> = ["fixed-window-aligned", "sliding-log", "gcra"]
/** The strictest two of them. */
const strictest = families.slice(0, 2)
/** How long a store or a process is frozen; `pnpm test:system:minute` makes it a minute. */
const frozenSeconds = Number(process.env["FROZEN_SECONDS"] ?? 8)

const nowMs = () => performance.timeOrigin + performance.now()

/**
 * The bounds of every run, on a busy machine too: processes that share nothing get 60 to 200 429s. The benchmark has the
 * figures of an idle machine.
 */
const usual: Bounds = { each: 50, processes: four, most429s: 25 }
/** The same if the store never fails: all processes get their turns. */
const served: Bounds = { ...usual, mostRoundTrips: 8, latestStart: 0.5, leastFairness: 0.6 }
/** The bounds of an idle machine, which stores that are wrong do not keep. */
const fair: Bounds = {
  ...usual,
  most429s: 3,
  mostRoundTrips: 6,
  latestStart: 0.2,
  leastFairness: 0.85,
}

/** Plays a run in which the processes find the store at a port. */
const playOn = (
  { kind }: StoreKind,
  portOf: (process: number) => number,
  options: Omit<RunOptions, "module" | "given"> & {
    readonly variant?: (process: number) => Variant
  } = {},
): Promise<Played> =>
  play({
    ...options,
    module,
    given: (process): Omit<SdkInput, "process" | "tasks"> => ({
      store: { kind, port: portOf(process) },
      instances: 4,
      variant: options.variant?.(process),
    }),
  })

/** Plays an outage of the store in the middle of a run. */
const playOutage = async (
  kind: StoreKind,
  store: TestedStore,
  forMs: number,
  begin: () => Promise<() => unknown>,
): Promise<readonly [Played, Outage, Bounds]> => {
  // enough for 10 s and more after it
  const each = 55 + Math.ceil((2 * forMs) / 1000)
  let outage: Outage = { fromMs: 0, untilMs: 0 }
  const played = await playOn(kind, () => store.port, {
    each,
    kinds: strictest,
    play: async ({ fleet }) => {
      fleet.go()
      await sleep(4000)
      const fromMs = nowMs()
      const end = await begin()
      await sleep(forMs)
      outage = { fromMs, untilMs: nowMs() }
      await end()
    },
  })
  return [played, outage, { ...usual, each }]
}

/** Declares the tests of a store. */
export const testSharedLimit = (kind: StoreKind): void => {
  const outage = (
    name: string,
    seconds: number,
    begin: (store: TestedStore) => Promise<() => unknown>,
  ) =>
    it(`${name}: each continues with a part of its share, and all come back`, async () => {
      await using store = await kind.start()
      const [played, when, bounds] = await playOutage(kind, store, seconds * 1000, () =>
        begin(store),
      )
      assert.deepStrictEqual(faultsOf(played, bounds), [])
      assert.deepStrictEqual(faultsOfOutage(played, four, when), [])
    })

  describe.concurrent(`four processes share 10 requests per second over ${kind.kind}`, () => {
    it("each limiter accepts all, whichever way leads to the store", async () => {
      await using store = await kind.start()
      await using pool = await kind.pool(store)
      const played = await playOn(kind, (process) => (process < 2 ? store : pool).port)
      assert.deepStrictEqual(faultsOf(played, served), [])
    })

    it("L4: the store is 10 ms away, and two hosts have a clock that is an hour off", async () => {
      await using store = await kind.start()
      await using link = await FaultProxy.startLink(store.port, {
        delayMs: [5, 5],
        kbitPerSecond: Number.POSITIVE_INFINITY,
        loss: 0,
        seed: 1,
      })
      const clocks = ["+1h", "-1h"]
      const played = await playOn(kind, () => link.port, { kinds: families, clocks })
      assert.deepStrictEqual(faultsOf(played, served), [])
    })

    outage("L2: the store is killed for 6 s", 6, async ({ process }) => {
      await process.kill()
      return () => process.restart()
    })

    outage("L2: the store is frozen for 3 s", 3, async ({ process }) => {
      process.freeze()
      return () => process.thaw()
    })

    outage(`L2: the store is frozen for ${frozenSeconds} s`, frozenSeconds, async ({ process }) => {
      process.freeze()
      return () => process.thaw()
    })

    outage("L2: the store refuses the processes for 4 s", 4, ({ lockOut }) => lockOut())

    it("L2: the data of the store is damaged, and every contact is created", async () => {
      await using store = await kind.start()
      const played = await playOn(kind, () => store.port, {
        kinds: families,
        play: async ({ fleet, servers }) => {
          fleet.go()
          await Promise.all(servers.flatMap(({ firstOf }) => four.map(firstOf)))
          for (const damage of Object.values(store.damages)) {
            await sleep(1700)
            await damage()
          }
        },
      })
      assert.deepStrictEqual(faultsOf(played, usual), [])
    })

    it("L2: an empty replica takes over, and every contact is created", async () => {
      await using store = await kind.start()
      await using replica = await kind.start()
      let { port } = store
      await using door = await FaultProxy.startLink(() => port, {
        delayMs: [0, 0],
        kbitPerSecond: Number.POSITIVE_INFINITY,
        loss: 0,
        seed: 1,
      })
      const played = await playOn(kind, () => door.port, {
        kinds: families,
        play: async ({ fleet }) => {
          fleet.go()
          await sleep(6000)
          await store.process.kill()
          port = replica.port
          door.cut()
        },
      })
      assert.deepStrictEqual(faultsOf(played, usual), [])
    })

    it("L3: one is killed, and the others continue", async () => {
      await using store = await kind.start()
      const others = [1, 2, 3]
      let killedMs = 0
      const played = await playOn(kind, () => store.port, {
        kinds: families,
        play: async ({ fleet }) => {
          fleet.go()
          await sleep(4000)
          killedMs = nowMs()
          fleet.signal(0, "SIGKILL")
        },
      })
      assert.deepStrictEqual(faultsOf(played, { ...usual, processes: others }), [])
      assertGoOn(played, others, killedMs)
    })

    it("L3: one is frozen while it holds the first request of all, and the others continue", async () => {
      await using store = await kind.start()
      let frozenMs = 0
      const freeze = async ({ fleet, servers }: Running) => {
        fleet.go(0)
        await Promise.all(servers.map(({ firstOf }) => firstOf(0)))
        fleet.signal(0, "SIGSTOP")
        frozenMs = nowMs()
        fleet.go(1, 2, 3)
        await sleep(frozenSeconds * 1000)
        fleet.signal(0, "SIGCONT")
      }
      const options = { each: 40, kinds: families, firstResponseMs: 1000, play: freeze }
      const played = await playOn(kind, () => store.port, options)
      assert.deepStrictEqual(faultsOf(played, { ...usual, each: 40 }), [])
      assertGoOn(played, [1, 2, 3], frozenMs)
    })

    it("L5: two of them come later, with another version of the state", async () => {
      await using store = await kind.start()
      const played = await playOn(kind, () => store.port, {
        kinds: families,
        variant: (process) => (process < 2 ? "delivered" : "another version"),
        play: async ({ fleet }) => {
          fleet.go(0, 1)
          await sleep(5000)
          fleet.go(2, 3)
        },
      })
      // until the versions know of each other
      assert.deepStrictEqual(faultsOf(played, { ...usual, most429s: 40 }), [])
    })
  })
}

/** Checks that the others continue, with pauses of up to 2.5 s on an idle machine and 20 s on a busy one. */
const assertGoOn = ({ outcomes }: Played, others: ReadonlyArray<number>, fromMs: number): void => {
  for (const { kind, ledger } of outcomes) {
    for (const number of others) {
      const last = ledger.arrivals.findLast(({ process }) => process === number)?.at ?? fromMs
      assert.isAbove(last, fromMs, kind)
      // a lost request counts for a minute
      assert.isBelow(longestGap(ledger, number, fromMs, last), 20_000, kind)
    }
  }
}

/** Declares the tests of stores that are under more strain than they meet, and of stores that are wrong. */
export const testVariants = (kind: StoreKind): void => {
  const playVariant = async (variant: Variant, bounds: Bounds): Promise<ReadonlyArray<string>> => {
    await using store = await kind.start()
    const played = await playOn(kind, () => store.port, { kinds: families, variant: () => variant })
    return faultsOf(played, bounds)
  }
  /** Runs a control until a fault is found, up to four times: a busy machine hides some. */
  const faultsUntil = async (fault: RegExp, variant: Variant): Promise<string> => {
    let faults = ""
    for (let run = 0; run < 4 && !fault.test(faults); run++) {
      faults = (await playVariant(variant, fair)).join()
    }
    return faults
  }

  describe.concurrent("L1: the same result", () => {
    it("if the store runs each function twice", async () => {
      assert.deepStrictEqual(await playVariant("twice", served), [])
    })

    it("if the store loses every second write", async () => {
      // a round trip for each write that was lost, and one to lose it
      const bounds = { ...served, mostRoundTrips: 20 }
      assert.deepStrictEqual(await playVariant("losing", bounds), [])
    })
  })

  describe.concurrent("controls: the judge finds out", () => {
    it("a function with effects, whose first result counts", async () => {
      const fault = /\d 429s/
      assert.match(await faultsUntil(fault, "impure"), fault)
    })

    it("a store that tells all processes of every change", async () => {
      const fault = /round trips/
      assert.match(await faultsUntil(fault, "storm"), fault)
    })

    it("a store that is not read again before a wait is over", async () => {
      const fault = /ms late|fairness/
      assert.match(await faultsUntil(fault, "without recheck"), fault)
    })
  })
}
