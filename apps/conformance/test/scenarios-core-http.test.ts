/** Runs the table of scenarios over core and Effect's client over `node:http`. */
import { runOver } from "./scenarios-core.ts"

runOver("node:http")
