/** Recognizes file systems of other machines and of a container's host, on which locks and syncs may not hold. */
import { statfsSync } from "node:fs"
import { dirname, resolve } from "node:path"

/** Their names, by the number in `statfs`. */
const names: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "SMB",
  0xfe534d42: "SMB",
  0x01021997: "9p",
  0x65735546: "FUSE",
  0x6a656a63: "virtiofs",
  0x786f4256: "a shared folder",
  0x00c36400: "Ceph",
  0x0bd00bd0: "Lustre",
  0x5346414f: "AFS",
}

/** Returns the number of the file system of a path; undefined if there is no such file. */
export const fileSystemOf = (path: string): number | undefined => {
  try {
    // the number is signed on some systems
    return statfsSync(path).type >>> 0
  } catch {
    return undefined
  }
}

/** Returns the name of a file system with this number in `statfs`, such as `NFS`; undefined for all that are local. */
export const networkDriveOf = (type: number | undefined): string | undefined =>
  type === undefined ? undefined : names[type >>> 0]

/** Returns the same of the file system of a path, even if there is no file yet. */
export const networkDrive = (path: string): string | undefined => {
  const absolute = resolve(path)
  const type = fileSystemOf(absolute)
  const parent = dirname(absolute)
  return type === undefined && parent !== absolute ? networkDrive(parent) : networkDriveOf(type)
}
