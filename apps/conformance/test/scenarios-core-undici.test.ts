/** Runs the table of scenarios over core and Effect's client over undici. */
import { runOver } from "./scenarios-core.ts"

runOver("undici")
