/** Runs the table of scenarios over core and core's own transport over `fetch`. */
import { runOver } from "./scenarios-core.ts"

runOver("core's fetch transport")
