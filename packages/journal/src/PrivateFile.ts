/** Files that only their owner may read, and that are durable with their directory. */
import { closeSync, constants, fsyncSync, openSync } from "node:fs"
import { dirname } from "node:path"

/** Syncs a directory, so that new files in it are durable. Windows has no such call and does not need it. */
export const syncDirectory = (path: string): void => {
  if (process.platform === "win32") return
  const directory = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/**
 * Creates an empty file for its owner only if there is none; the mode never depends on the umask. Returns whether it
 * created it; throws an error of the system.
 */
export const createPrivateFile = (path: string): boolean => {
  const { O_CREAT, O_EXCL, O_RDWR } = constants
  try {
    closeSync(openSync(path, O_CREAT | O_EXCL | O_RDWR, 0o600))
  } catch (error) {
    // there is one, or another process was faster
    if (Reflect.get(Object(error), "code") === "EEXIST") return false
    throw error
  }
  syncDirectory(dirname(path))
  return true
}
