/** Checks that the state directory can be used, before anything depends on it. */
import * as Fs from "node:fs"
import * as Path from "node:path"

import { codeOf } from "./Files.ts"

/** Returns the nearest directory that exists. */
const nearest = (path: string): string => {
  const parent = Path.dirname(path)
  return Fs.existsSync(path) || parent === path ? path : nearest(parent)
}

const writeTo = (directory: string): void => {
  const path = Path.join(directory, `.write-${process.pid}`)
  const fd = Fs.openSync(path, "wx", 0o600)
  try {
    Fs.writeSync(fd, "test")
    Fs.fsyncSync(fd)
  } finally {
    Fs.closeSync(fd)
    Fs.rmSync(path, { force: true })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  ENOTDIR: "not a directory",
}

/** Holds whether the directory exists already, or why it cannot be used. */
export type StateDirectory =
  | { readonly usable: true; readonly exists: boolean }
  | { readonly usable: false; readonly reason: string }

/** Writes a file in the directory and removes it again; a directory that does not exist yet must be one that can be made. */
export const check = (path: string): StateDirectory => {
  try {
    const exists = Fs.existsSync(path)
    const directory = nearest(path)
    if (!Fs.statSync(directory).isDirectory()) return { usable: false, reason: "not a directory" }
    if (exists) writeTo(path)
    // permissions do not tell: an administrator has them in /proc, too, which takes no directory
    else Fs.rmdirSync(Fs.mkdtempSync(Path.join(directory, ".aelyst-")))
    return { usable: true, exists }
  } catch (error) {
    const code = codeOf(error)
    return { usable: false, reason: `${reasons[code] ?? "cannot be written"} (${code})` }
  }
}
