/** The runs of imports in a Postgres database, for several machines. */
export * as PostgresRuns from "./PostgresRuns.ts"
export type * from "./SharedRuns.ts"
export { SharedRuns } from "./SharedRuns.ts"
