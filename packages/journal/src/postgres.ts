/** The runs of imports in a Postgres database, for several machines. */
export type * from "./SharedRuns.ts"
export { SharedRuns } from "./SharedRuns.ts"
