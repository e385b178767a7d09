/** Tools for transports: they report how far a request got and keep personal data out of errors. */
export * as FetchTransport from "./call/FetchTransport.ts"
export { TransportProbe, abortable, makeTransportProbe } from "./call/TransportProbe.ts"
export { codeOf } from "./call/Attempt.ts"
export { maxBodyBytes } from "./call/ResponseBody.ts"
export { redact } from "./errors/Redaction.ts"
