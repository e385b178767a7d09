/**
 * Parts for adapters: checked options, the state that clients of one token and origin share, and the tables behind their
 * messages and documents. Programs do not need them.
 */
export { makeWith } from "./AelystClient.ts"
export * as ClientOptions from "./call/ClientOptions.ts"
export { checkCountry } from "./call/CountryOption.ts"
export type { OptionName, OptionNameOf } from "./call/OptionTable.ts"
export { optionTable } from "./call/OptionTable.ts"
export { optionTexts } from "./call/OptionTexts.ts"
export { createManyFrom } from "./CreateMany.ts"
export { isRows } from "./call/RowSource.ts"
export * as SharedState from "./call/SharedState.ts"
export { issueRules } from "./contact/Issue.ts"
export * as PhoneReading from "./contact/PhoneReading.ts"
export { isPhoneCountry, isPlainPhone, needsPhonePlans } from "./contact/PhoneText.ts"
export { suggest } from "./contact/Suggest.ts"
export type { ErrorEntry } from "./errors/ErrorTable.ts"
export { docsUrl, errorTable, errorTags } from "./errors/ErrorTable.ts"
export type { VisitorResponse } from "./errors/VisitorTable.ts"
export { visitorResponse, visitorTable } from "./errors/VisitorTable.ts"
export { fromHeaders } from "./errors/RateLimitHeaders.ts"
export { parseRetryAfter } from "./errors/RetryAfter.ts"
export type { ClientConfig, OptionEntry, OptionScope, OptionText } from "./types.ts"
