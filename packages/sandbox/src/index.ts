/** The documented API on your own machine: stateful, exact on the wire, faulty on demand. */
export { Sandbox } from "./Sandbox.ts"
export type {
  Delivery,
  Existing,
  Fault,
  FaultSpec,
  FieldDeclaration,
  LedgerEntry,
  LimitOptions,
  LimiterKind,
  RequestIssue,
  SandboxClock,
  SandboxContact,
  SandboxEvent,
  SandboxExchange,
  SandboxExchangeRequest,
  SandboxOptions,
  SandboxRequest,
  SandboxSettings,
  SandboxTokens,
  TimelinePoint,
} from "./types.ts"
