/** Runs the commands of the guides whose output is recorded, and writes what they print now. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Sandbox } from "@aelyst/sandbox"
import { guides, workspaceOf } from "./Guide.ts"
import { record, steady } from "./Session.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

for (const guide of guides) {
  const file = join(root, guide)
  const folder = mkdtempSync(join(tmpdir(), "aelyst-guide-"))
  const sandbox = await Sandbox.start({ limit: 100 })
  try {
    const page = readFileSync(file, "utf8")
    writeFileSync(file, steady(await record(page, workspaceOf(folder, sandbox))))
  } finally {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
