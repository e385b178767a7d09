/** The state that the parts of an import share. */
import type { GlobalFlags } from "../Flags.ts"
import type { ImportFlags } from "../ImportFlags.ts"
import type { Settings } from "../Settings.ts"
import type { FoundToken } from "../Token.ts"
import type { Progress } from "../Waiting.ts"
import type { ImportOptions } from "./ImportOptions.ts"
import type { Input } from "./Input.ts"
import type { OpenTable } from "./OpenTable.ts"

/** Holds an import whose file is open. */
export interface OpenImport {
  readonly flags: ImportFlags
  readonly globals: GlobalFlags
  readonly input: Input
  readonly opened: OpenTable
  readonly options: ImportOptions
  readonly progress: Progress
  readonly settings: Settings
}

/** Holds an import that may send. */
export interface SendingImport extends OpenImport {
  readonly found: FoundToken
}
