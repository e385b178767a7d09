/**
 * Shares what the files and payloads of a journal and of an outbox have in common, without Effect. It is for the packages of this
 * repository, which bundle it, and is not published as an entry.
 */
export { Cipher, UnreadablePayload, keyOf } from "./Cipher.ts"
export { networkDrive } from "./NetworkDrive.ts"
export type { FileProblem } from "./NodeSqlite.ts"
export { fileFailureOf, loadSqlite } from "./NodeSqlite.ts"
export { createPrivateFile } from "./PrivateFile.ts"
