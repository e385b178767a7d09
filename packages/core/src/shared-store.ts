/**
 * For authors of packages: the store of a rate limit that processes share, on anything that can compare and set. It needs
 * no Effect, and is no part of the client.
 */
export { OptionError } from "./pacing/OptionError.ts"
export { makeSharedStore } from "./pacing/SharedStore.ts"
export type { StoreAnswer, StoreExchange, StoreWrite } from "./pacing/StoreExchange.ts"
export type { SharedConnection, SharedRateLimitStore } from "./types.ts"
