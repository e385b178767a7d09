/** Files for the tests of one test file; they are removed after it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

const made: Array<string> = []

/** Returns the path of a file that does not exist yet, in a new directory. */
export const newPath = (name = "outbox.db"): string => {
  const directory = mkdtempSync(join(tmpdir(), "aelyst-outbox-"))
  made.push(directory)
  return join(directory, name)
}

const removeFiles = (): void => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true })
}

afterAll(removeFiles)
