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
} from "./AelystError.ts"
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
} from "./AelystError.ts"
export type { ExistsCandidate, ExistsMatcher } from "./Answer.ts"
export { defaultExists } from "./Answer.ts"
export { AttemptProbe, Probe, abortable, codeOf, maxBodyBytes } from "./Attempt.ts"
export type { CreateResult, RunScope, TokenSource } from "./Call.ts"
export type { ClientConfig, ClientOptions } from "./ClientConfig.ts"
export {
  ConfigurationError,
  checkBaseUrl,
  checkHeaders,
  checkToken,
  defaultBaseUrl,
  parse as parseOptions,
} from "./ClientConfig.ts"
export type { ContactInput, Validated } from "./Contact.ts"
export { Payload, validate } from "./Contact.ts"
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
export * as CustomField from "./CustomField.ts"
export { AelystErrorFromJson } from "./ErrorSchema.ts"
export type { ErrorEntry, ErrorTag, Outcome } from "./ErrorTable.ts"
export { docsUrl, errorTable, errorTags } from "./ErrorTable.ts"
export * as FieldAlias from "./FieldAlias.ts"
export * as Identifier from "./Identifier.ts"
export type { IssueCode } from "./Issue.ts"
export { Issue, rules as issueRules } from "./Issue.ts"
export type { Lane } from "./Lane.ts"
export { make as makeLane } from "./Lane.ts"
export { layer as layerMetrics } from "./Metrics.ts"
export type { Callbacks, Wait } from "./Observer.ts"
export { Observer } from "./Observer.ts"
export * as Pacer from "./Pacer.ts"
export type { RateLimitInfo } from "./RateLimitInfo.ts"
export { fromHeaders, parseRetryAfter } from "./RateLimitInfo.ts"
export { redact } from "./Redaction.ts"
export type { Delivery } from "./RetryPolicy.ts"
