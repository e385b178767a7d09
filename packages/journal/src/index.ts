/** A durable record of the contacts sent to Aelyst, on node:sqlite. */
export type * from "./Journal.ts"
export { Journal, Runs } from "./Journal.ts"
export * as Export from "./Export.ts"
export type { JournalReason } from "./JournalError.ts"
export { JournalError } from "./JournalError.ts"
export { attemptGate } from "./JournalGate.ts"
export * as SqliteRuns from "./SqliteRuns.ts"
