/** For programs that use Effect: the store of pacers in Redis. */
export * as RedisPacerStore from "./RedisPacerStore.ts"
export type { SendCommand, SharedLimitOptions } from "./SharedLimit.ts"
