/**
 * For authors of packages: the store of a rate limit that processes share, on anything that can compare and set. It needs
 * no Effect.
 */
export { OptionError } from "./pacing/OptionError.ts"
export { makeSharedStore } from "./pacing/SharedStore.ts"
export type { StoreReply, StoreExchange, StoreWrite } from "./pacing/StoreExchange.ts"
