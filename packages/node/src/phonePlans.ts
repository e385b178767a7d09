/** The numbering plans of all countries. They are large: this module becomes a separate chunk, loaded at first use. */
export { parsePhoneNumberFromString } from "libphonenumber-js/max"
