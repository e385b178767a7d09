/** Accepts contacts at once and creates them later: an outbox on node:sqlite that loses none. */
export type { Delivery } from "@aelyst/core/types"
export { outbox } from "./Outbox.ts"
export type { OutboxErrorCode } from "./OutboxError.ts"
export { OutboxError } from "./OutboxError.ts"
export type {
  AcceptOptions,
  AcceptStatement,
  Accepted,
  ClientCheck,
  ClientError,
  ClientRowResult,
  ClientRun,
  EncryptionKeys,
  Outbox,
  OutboxClient,
  OutboxEnd,
  OutboxEntry,
  OutboxLogEntry,
  OutboxOptions,
  OutboxRow,
  OutboxState,
  OutboxStats,
  OutboxStore,
  Submission,
} from "./types.ts"
