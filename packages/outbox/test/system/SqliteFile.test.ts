import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

import { outbox } from "../../src/index.ts"
import { newPath } from "../files.ts"

const acceptor = fileURLToPath(new URL("acceptor.ts", import.meta.url))

/** Runs the acceptor while one of the calls for a file fails; returns the lines that it said. */
const acceptWith = (file: string, fault: string): ReadonlyArray<string> => {
  const paths = [file, `${file}-wal`].flatMap((one) => ["-P", one])
  const tracer = ["strace", "-f", "-qq", "-o", "/dev/null", ...paths, "-e", `inject=${fault}`]
  const program = [process.execPath, "--no-warnings", acceptor, file, "5"]
  const [command = "", ...args] = [...tracer, ...program]
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim().split("\n")
}

describe("SqliteFile, on a disk that fails", () => {
  it.each([3, 5, 8])(
    "says that it does not know what sync number %i has stored, and a repeat stores it once",
    async (when) => {
      const file = newPath()
      const said = acceptWith(file, `fsync:error=EIO:when=${when}`)
      const failed = said.filter((line) => line.startsWith("FAILED"))
      for (const line of failed) {
        expect(line).toMatch(/^FAILED \d ERR_AELYST_OUTBOX_(?:UNKNOWN|STORE) The disk failed\.$/)
      }
      const accepted = said.filter((line) => line.startsWith("ACCEPTED"))
      expect(accepted).toHaveLength(5)
      await using box = outbox({ file })
      const ids = (await box.list()).map(({ id }) => id).toSorted()
      expect(ids).toEqual(accepted.map((line) => line.split(" ")[2]).toSorted())
      expect(await box.verify()).toEqual([])
    },
  )

  it("says that nothing was stored on a full disk", async () => {
    const file = newPath()
    const said = acceptWith(file, "pwrite64:error=ENOSPC:when=12+")
    const failed = said.filter((line) => line.startsWith("FAILED"))
    expect(failed.length).toBeGreaterThan(0)
    for (const line of failed) {
      expect(line).toMatch(/^FAILED \d ERR_AELYST_OUTBOX_STORE The disk is full\.$/)
    }
    const accepted = said.filter((line) => line.startsWith("ACCEPTED"))
    await using box = outbox({ file })
    expect((await box.list()).map(({ id }) => id).toSorted()).toEqual(
      accepted.map((line) => line.split(" ")[2]).toSorted(),
    )
  })
})
