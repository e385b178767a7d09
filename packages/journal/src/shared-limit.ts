/** One rate limit for all processes, through Postgres. It needs no Effect. */
export type { Query, SharedLimitOptions } from "./SharedLimit.ts"
export { sharedLimit } from "./SharedLimit.ts"
