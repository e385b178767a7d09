/**
 * Schemas for programs that store, send or receive what this package takes and returns: identifiers, contacts, custom
 * fields of a form, results, errors and the state of the pacer, each with its JSON form. Apart from the client, so that
 * bundles without them stay small.
 */
export type { FailedRowSchema, SucceededRowSchema } from "./call/ResultSchema.ts"
export { CreateResultSchema, RowResultSchema, RunSummarySchema } from "./call/ResultSchema.ts"
export { ContactSchema } from "./contact/ContactSchema.ts"
export * as CustomFieldSchema from "./contact/CustomFieldSchema.ts"
export * as IdentifierSchema from "./contact/IdentifierSchema.ts"
export { IssueSchema } from "./contact/Issue.ts"
export type { OptionalText } from "./contact/OptionalText.ts"
export type { PayloadSchema } from "./contact/Payload.ts"
export { Payload } from "./contact/Payload.ts"
export type { AttemptRecordSchema } from "./errors/AttemptRecordSchema.ts"
export * as ErrorSchema from "./errors/ErrorSchema.ts"
export type { PacerSnapshot } from "./pacing/Pacer.ts"
export type { PacerSnapshotJson } from "./pacing/PacerSnapshotSchema.ts"
export { PacerSnapshotSchema } from "./pacing/PacerSnapshotSchema.ts"
