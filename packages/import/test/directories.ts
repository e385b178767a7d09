/** Directories for the tests that write files. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Runs a test with a directory that is removed after it. */
export const inDirectory = async (test: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), "aelyst-import-"))
  try {
    await test(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}
