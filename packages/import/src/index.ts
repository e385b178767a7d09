/** Files to Aelyst contacts: read, map, check, send and report, with every row accounted for. */
export type { Check, CheckOptions } from "./check/Check.ts"
export { InvalidRowsError, check } from "./check/Check.ts"
export type { MapOptions, MappedTable } from "./map/ColumnMapping.ts"
export { map } from "./map/ColumnMapping.ts"
export type { MappingFile } from "./map/MappingFile.ts"
export { parseMappingFile, toMappingFile } from "./map/MappingFile.ts"
export type { MappingIssue, MappingReason } from "./map/MappingError.ts"
export { MappingError } from "./map/MappingError.ts"
