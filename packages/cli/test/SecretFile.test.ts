import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

import * as SecretFile from "../src/SecretFile.ts"
import { Home, onPosix } from "./process.ts"

const isRoot = process.getuid?.() === 0

/** Writes a secret as Kubernetes mounts it: a link to a file below a link to a directory. */
const mounted = ({ path }: Home, mode: number): string => {
  const data = join(path, "..2026_11_27")
  mkdirSync(data)
  const file = join(data, "token")
  writeFileSync(file, "canary12\n")
  chmodSync(file, mode)
  symlinkSync("..2026_11_27", join(path, "..data"))
  symlinkSync(join("..data", "token"), join(path, "token"))
  return file
}

describe("read", () => {
  for (const mode of [0o444, 0o644]) {
    onPosix(`R6 reads a file of root with mode ${mode.toString(8)} behind links`, async () => {
      using home = new Home()
      mounted(home, mode)
      const text = await Effect.runPromise(Effect.result(SecretFile.read(home.path, "token")))
      // only root can make a file of root
      assert.strictEqual(text._tag, isRoot ? "Success" : "Failure")
    })
  }

  onPosix(
    "R6 refuses a file of another user that others can read, and names both ways out",
    async () => {
      using home = new Home()
      const file = mounted(home, 0o644)
      if (isRoot) chownSync(file, 1000, 1000)
      const failure = await Effect.runPromise(Effect.flip(SecretFile.read(home.path, "token")))
      assert.strictEqual(failure.message, "token can be read by others (mode 644)")
      assert.deepStrictEqual(failure.hints, ["fix:   chmod 600 token, or --token-stdin < token"])
    },
  )

  it("says that the file does not exist", () => {
    using home = new Home()
    const { message } = Effect.runSync(Effect.flip(SecretFile.read(home.path, "none")))
    assert.include(message, "none does not exist (ENOENT)")
  })
})

describe("isOnReadOnlyMount", () => {
  const mountinfo = [
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
    "40 22 0:50 / /run/secrets ro,relatime - tmpfs tmpfs rw",
    "41 22 0:51 / /run/secrets/open rw - tmpfs tmpfs rw",
    String.raw`42 22 0:52 / /mnt/with\040space ro - tmpfs tmpfs rw`,
    "43 22 0:53 / /twice ro - tmpfs tmpfs rw",
    "44 43 0:54 / /twice rw - tmpfs tmpfs rw",
    "",
  ].join("\n")
  it.each([
    ["/run/secrets/token", true],
    ["/run/secrets/open/token", false],
    ["/run/secrets2/token", false],
    ["/mnt/with space/token", true],
    ["/srv/ana/token", false],
    ["/twice/token", false],
  ])("R6 finds the mount of %s: %s", (path, expected) => {
    assert.strictEqual(SecretFile.isOnReadOnlyMount(path, mountinfo), expected)
  })
})
