/** One rate limit for all processes: share the limit of an Aelyst client through any Redis client. */
export type { SendCommand, SharedLimitOptions } from "./SharedLimit.ts"
export { sharedLimit } from "./SharedLimit.ts"
