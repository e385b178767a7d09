/** Imports that several machines send together, on Postgres. */
export * as Database from "./Database.ts"
export type { WaitingRange } from "@aelyst/journal/postgres"

export type { ImportStatus, ImportStep, ImportWorkflowService } from "./ImportWorkflow.ts"
export { ImportWorkflow } from "./ImportWorkflow.ts"
export * as SharedPace from "./SharedPace.ts"
export * as StoredRows from "./StoredRows.ts"
export type { WorkerEnd, WorkerOptions } from "./Worker.ts"
export { work } from "./Worker.ts"
