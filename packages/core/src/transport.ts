/** What a transport for Aelyst needs: to report how far a request got, and to keep errors free of personal data. */
export { TransportProbe, abortable, makeTransportProbe } from "./call/TransportProbe.ts"
export { codeOf, maxBodyBytes } from "./call/Attempt.ts"
export { redact } from "./errors/Redaction.ts"
