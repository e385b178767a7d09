import { join } from "node:path"
import { describe, expect, it } from "vitest"

import { networkDrive, networkDriveOf } from "../src/NetworkDrive.ts"
import { newPath } from "./files.ts"

describe("NetworkDrive", () => {
  it.each([
    [0x6969, "NFS"],
    [0xff534d42, "SMB"],
    [0xff534d42 | 0, "SMB"],
    [0x01021997, "9p"],
    [0xef53, undefined],
    [0, undefined],
  ])("calls the file system %i %s", (type, name) => {
    expect(networkDriveOf(type)).toBe(name)
  })

  it("asks the nearest directory that exists", () => {
    expect(networkDrive(join(newPath("none"), "deep", "outbox.db"))).toBeUndefined()
    expect(networkDrive("/proc/none")).toBeUndefined()
  })
})
