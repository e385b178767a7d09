/** Files to Aelyst contacts: read, map, check, send and report, with every row accounted for. */
export * as Cell from "./read/Cell.ts"
export * as Footer from "./read/Footer.ts"
export { read, type ReadOptions, type Table } from "./read/Read.ts"
export { isReadError, ReadError, type ReadErrorCode } from "./read/ReadError.ts"
export type { Source } from "./read/Source.ts"
export type { Format, SourceRow, TableHead } from "./types.ts"
