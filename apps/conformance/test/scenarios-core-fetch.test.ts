/** Runs the table of scenarios over core and Effect's client over `fetch`. */
import { runOver } from "./scenarios-core.ts"

runOver("fetch")
