/** Creates Aelyst contacts from an Express app: attaches a client, handles a form, maps errors, offers a proxy. */
export { aelyst, getAelyst } from "./ClientProvider.ts"
export { getSubmissionCounts } from "./Counts.ts"
export { createContact } from "./ContactHandler.ts"
export { contactStatus } from "./Delivery.ts"
export { aelystErrors } from "./ErrorMapper.ts"
export { contactProxy } from "./ProxyRouter.ts"
export type {
  AelystErrorsOptions,
  Checks,
  ClientSource,
  ContactDelivery,
  ContactField,
  ContactProxyOptions,
  ContactStatusOptions,
  CreateContactOptions,
  CreatedContact,
  FieldIssue,
  GuardResult,
  IdentifierKind,
  IdentifyBy,
  LogEntry,
  Problem,
  SetupOptions,
  SubmissionCounts,
  SubmissionStatus,
  Submitted,
} from "./types.ts"
