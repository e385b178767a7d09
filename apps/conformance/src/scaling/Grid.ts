/** The cells of the simulation, each in a separate process, since it replaces the time of its process. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"

import { Slots, type ServiceTimes } from "./Database.ts"
import type { Cell, Figures } from "./Simulation.ts"

/** A cell and its figures. */
export interface Simulated {
  readonly cell: Cell
  readonly figures: Figures
}

const folder = new URL("../../../../docs/simulation/", import.meta.url)

/** The file of all figures. */
export const recordFile = fileURLToPath(new URL("scaling.json", folder))

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), "utf8"))

/** Reads the measured times of a database. */
// safe: `calibrate.ts` wrote it
const serviceTimes = () => read("database.json") as ServiceTimes

/** Reads the figures of an earlier run. */
// safe: `main.ts` wrote it
export const recorded = () => (read("scaling.json") as { cells: ReadonlyArray<Simulated> }).cells

const counts = [1, 10, 100]
const latencies = [1, 10, 50]
const rates = [10, 100, 1000, 10_000]

/** All cells. The three of a hundred workers under the highest limit take longer than all others together. */
export const cells: ReadonlyArray<Cell> = rates.flatMap((perSecond) =>
  latencies.flatMap((latencyMs) => counts.map((workers) => ({ workers, perSecond, latencyMs }))),
)

const script = fileURLToPath(new URL("cell-process.ts", import.meta.url))

/** Simulates one cell. */
export const figuresOf = async (cell: Cell): Promise<Figures> => {
  const child = fork(script, [JSON.stringify({ cell, service: serviceTimes() })])
  const exited = once(child, "exit")
  let figures: Figures | undefined
  child.on("message", (message: Figures) => {
    figures = message
  })
  await exited
  if (figures === undefined) throw new Error(`no figures of ${JSON.stringify(cell)}`)
  return figures
}

/** Simulates cells, as many at a time as there are processors. */
export const simulateAll = async (
  wanted: ReadonlyArray<Cell>,
  onCell: (simulated: Simulated) => void = () => undefined,
): Promise<ReadonlyArray<Simulated>> => {
  const slots = new Slots(availableParallelism())
  return Promise.all(
    wanted.map((cell) =>
      slots.hold(async () => {
        const simulated = { cell, figures: await figuresOf(cell) }
        onCell(simulated)
        return simulated
      }),
    ),
  )
}
