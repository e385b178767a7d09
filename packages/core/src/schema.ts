/** Schemas of everything that is sent: the JSON form of errors and issues, and the body of the request. */
export { Payload } from "./contact/Contact.ts"
export { Issue } from "./contact/Issue.ts"
export { AelystErrorFromJson } from "./errors/ErrorSchema.ts"
