/** Schemas of what travels: the JSON form of errors and issues, and the request's body. */
export { Payload } from "./contact/Contact.ts"
export { Issue } from "./contact/Issue.ts"
export { AelystErrorFromJson } from "./errors/ErrorSchema.ts"
