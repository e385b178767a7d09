/** Creates Aelyst contacts from an Express app: attach a client, handle a form, map every error, offer a proxy. */
export { aelyst, getAelyst } from "./ClientProvider.ts"
export { createContact } from "./ContactHandler.ts"
export { aelystErrors } from "./ErrorMapper.ts"
export { contactProxy } from "./ProxyRouter.ts"
export type {
  AelystErrorsOptions,
  Checks,
  ClientSource,
  ContactField,
  ContactProxyOptions,
  CreateContactOptions,
  CreatedContact,
  FieldIssue,
  IdentifierKind,
  IdentifyBy,
  LogEntry,
  Problem,
  SetupOptions,
  Submitted,
  Verdict,
} from "./types.ts"
