/** The documented API on your own machine: stateful, exact on the wire, faulty on demand. */
export { Sandbox } from "./Sandbox.ts"
export type {
  LedgerEntry,
  RequestIssue,
  SandboxContact,
  SandboxEvent,
  SandboxRequest,
  TimelinePoint,
} from "./api/types.ts"
export type {
  Existing,
  Fault,
  FaultDelivery,
  FaultSpec,
  FieldDeclaration,
  LimitOptions,
  LimiterKind,
  SandboxClock,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxOptions,
  SandboxSettings,
  SandboxTokens,
} from "./types.ts"
