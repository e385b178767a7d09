/** For the tests of programs: a client without a network, and results and errors with defaults. */
export { attemptRecord, createResult, runSummary } from "./testing/CallEnds.ts"
export type { CreateResultFields } from "./testing/CallEnds.ts"
export { errors } from "./testing/Errors.ts"
export type { ErrorFields } from "./testing/Errors.ts"
export { CallLedger, layerTest } from "./testing/LayerTest.ts"
export type {
  CreateHandler,
  ReceivedCall,
  TestHandlers,
  TestResponse,
} from "./testing/LayerTest.ts"
