/** Accepts contacts at once and creates them later: an outbox on node:sqlite that loses none. */
export { outbox } from "./Outbox.ts"
export type { OutboxErrorCode } from "./OutboxError.ts"
export { OutboxError } from "./OutboxError.ts"
export type {
  AcceptOptions,
  Accepted,
  ClientCheck,
  ClientRowResult,
  ClientRun,
  EncryptionKeys,
  Outbox,
  OutboxClient,
  OutboxEnd,
  OutboxEntry,
  OutboxLogLine,
  OutboxOptions,
  OutboxState,
  OutboxStats,
  Submission,
} from "./types.ts"
