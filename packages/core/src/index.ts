/** Creates Aelyst contacts with Effect: input, errors, rate-limit schedule and client. */
export type { CreateOptions, LayerOptions } from "./AelystClient.ts"
export { AelystClient, layer, layerConfig, make, makeWith } from "./AelystClient.ts"
export type {
  AelystError,
  AttemptRecord,
  ConnectionKind,
  Members,
  SettledError,
  UnavailableReason,
} from "./errors/AelystError.ts"
export {
  AelystErrorTypeId,
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
export type { ExistsCandidate, ExistsMatcher } from "./call/ResponseVerdict.ts"
export { defaultExists } from "./call/ResponseVerdict.ts"
export { AttemptProbe, Probe, abortable, codeOf, maxBodyBytes } from "./call/Attempt.ts"
export type { CreateResult, RunScope, TokenSource } from "./call/CreateCall.ts"
export type { ClientConfig, ClientOptions } from "./call/ClientOptions.ts"
export {
  ConfigurationError,
  checkBaseUrl,
  checkHeaders,
  checkToken,
  defaultBaseUrl,
  parse as parseOptions,
} from "./call/ClientOptions.ts"
export type { ContactInput, Validated } from "./contact/Contact.ts"
export { Payload, validate } from "./contact/Contact.ts"
export type {
  Row,
  RowResult,
  RowState,
  Run,
  RunOptions,
  RunSummary,
  Stopped,
} from "./CreateMany.ts"
export { createMany, rowStates } from "./CreateMany.ts"
export * as CustomField from "./contact/CustomField.ts"
export { AelystErrorFromJson } from "./errors/ErrorSchema.ts"
export type { ErrorEntry, ErrorTag, Outcome } from "./errors/ErrorTable.ts"
export { docsUrl, errorTable, errorTags } from "./errors/ErrorTable.ts"
export * as FieldAlias from "./contact/FieldAlias.ts"
export * as Identifier from "./contact/Identifier.ts"
export type { IssueCode } from "./contact/Issue.ts"
export { Issue, rules as issueRules } from "./contact/Issue.ts"
export type { Lane } from "./call/SharedState.ts"
export { make as makeLane } from "./call/SharedState.ts"
export { layer as layerMetrics } from "./call/Metrics.ts"
export type { Callbacks, Wait } from "./call/Hooks.ts"
export { Observer } from "./call/Hooks.ts"
export * as Pacer from "./pacing/Pacer.ts"
export type { RateLimitInfo } from "./errors/RateLimitHeaders.ts"
export { fromHeaders, parseRetryAfter } from "./errors/RateLimitHeaders.ts"
export { redact } from "./errors/Redaction.ts"
export type { Delivery } from "./call/RetryPolicy.ts"
