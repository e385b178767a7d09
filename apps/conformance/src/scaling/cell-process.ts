/** A process that simulates one cell, and sends its figures. */
import { input } from "../network/Child.ts"
import type { ServiceTimes } from "./Database.ts"
import { type Cell, simulate } from "./Simulation.ts"

const { cell, service } = input<{ readonly cell: Cell; readonly service: ServiceTimes }>()
process.send?.(await simulate(cell, service))
process.disconnect()
