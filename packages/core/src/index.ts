/** Creates Aelyst contacts with Effect: input, errors, rate-limit schedule and client. */
export type { CreateOptions, LayerConfigOptions, LayerOptions } from "./AelystClient.ts"
export { AelystClient, layer, layerConfig, layerFetch, make } from "./AelystClient.ts"
export type { RowResult, Run } from "./CreateMany.ts"
export { createMany, rowOutcomes } from "./CreateMany.ts"
export * as RateLimitSchedule from "./RateLimitSchedule.ts"
export type { ClientOptions, RunOptions } from "./call/ClientOptions.ts"
export { ConfigurationError } from "./call/ClientOptions.ts"
export type { CreateResult, TokenSource } from "./call/Call.ts"
export type { SharedStateOptions, SharedStates } from "./call/SharedState.ts"
export { layerSharedState } from "./call/SharedState.ts"
export * as AttemptGate from "./call/AttemptGate.ts"
export * as Hooks from "./call/Hooks.ts"
export * as Metrics from "./call/Metrics.ts"
export { defaultExists } from "./call/ResponseVerdict.ts"
export type { ContactInput, Validated } from "./contact/Contact.ts"
export { isValidated, validate } from "./contact/Contact.ts"
export * as CustomField from "./contact/CustomField.ts"
export * as FieldAlias from "./contact/FieldAlias.ts"
export * as Identifier from "./contact/Identifier.ts"
export type { Issue, IssueCode } from "./contact/Issue.ts"
export type { AelystError, SettledError } from "./errors/AelystError.ts"
export {
  AuthenticationError,
  BadRequestError,
  ConnectionError,
  InternalServerError,
  InvalidContactError,
  OutcomeUnknownError,
  RateLimitError,
  UnavailableError,
  UnexpectedResponseError,
  isAelystError,
} from "./errors/AelystError.ts"
export type { ErrorTag } from "./errors/ErrorTable.ts"
export type { ExistsError } from "./errors/ExistsError.ts"
export { isExists } from "./errors/ExistsError.ts"
export * as Pacer from "./pacing/Pacer.ts"
export type {
  AttemptRecord,
  CallEnd,
  CallOutcome,
  ConnectionKind,
  CreatedResult,
  Delivery,
  ExistingPolicy,
  ExistsCandidate,
  ExistsMatcher,
  Outcome,
  RateLimitInfo,
  ResponseHead,
  Row,
  RowOutcome,
  RunEnd,
  RunSummary,
  Stopped,
  UnavailableReason,
  UnexpectedReason,
  UnreportedRow,
} from "./types.ts"
