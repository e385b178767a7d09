#!/usr/bin/env node
/** Runs the command in this process. */
import { readFileSync } from "node:fs"

import { isRecord } from "./api/Config.ts"
import { runSandbox, stopOnSignals } from "./cli/Command.ts"

const readVersion = (): string => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  )
  return isRecord(manifest) ? String(manifest["version"]) : ""
}

// the reader of the log may leave first
process.stderr.on("error", () => undefined)
process.stdout.on("error", () => undefined)

process.exitCode = await runSandbox(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stopOnSignals(),
  version: readVersion(),
})
