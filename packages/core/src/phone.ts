/**
 * Phone numbers as people write them. This is a separate entry because it loads the numbering plans of all countries,
 * which are large: `libphonenumber-js`, an optional peer that no other entry needs.
 */
export type { PhoneOptions } from "./call/PhoneNumbers.ts"
export { parsePhone, validateWithPhones } from "./call/PhoneNumbers.ts"
