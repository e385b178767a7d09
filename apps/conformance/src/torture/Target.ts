/** The imports that are killed: a script over `@aelyst/import`, and the command from its packed tarball. */
import { execFile } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { build } from "tsdown"

import type { ImportInput } from "./torture-import.ts"
import { identifierOf, kindOf } from "./TortureRows.ts"

/** An import that can be killed. It prints a line of JSON for each row, and one for the summary, on standard output. */
export interface Target {
  readonly name: string
  /** Returns the command that runs it. `folder` is for its files. */
  readonly commandOf: (input: ImportInput, folder: string) => ReadonlyArray<string>
  readonly environment: (input: ImportInput, folder: string) => NodeJS.ProcessEnv
  /** Whether it prints on standard error in a good run. */
  readonly isSilent: boolean
}

/** Creates a folder that is removed with the process. */
const keptFolder = async (name: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `aelyst-${name}-`))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Puts the script and all that it needs into one file: it is started hundreds of times. */
export const scriptTarget = async (): Promise<Target> => {
  const outDir = await keptFolder("torture-script")
  await build({
    entry: [fileURLToPath(new URL("torture-import.ts", import.meta.url))],
    outDir,
    config: false,
    format: "esm",
    platform: "node",
    deps: { alwaysBundle: [/./] },
    dts: false,
    logLevel: "silent",
  })
  const script = join(outDir, "torture-import.mjs")
  return {
    name: "script",
    commandOf: (input) => [process.execPath, script, JSON.stringify(input)],
    environment: () => process.env,
    isSilent: true,
  }
}

/** Returns a target whose process may have few files open, and would like to have more connections than that. */
export const withFewFiles = (target: Target, files: number): Target => ({
  ...target,
  commandOf: (input, folder) => [
    "sh",
    "-c",
    `ulimit -n ${files} && exec "$0" "$@"`,
    ...target.commandOf({ ...input, concurrency: 4 * files }, folder),
  ],
})

// 10: the import has stopped; its journal is left where the campaign looks for it
const onSmallDisk = `mkdir -p -m 700 "$1" && mount -t tmpfs -o size="$2",mode=700 none "$1" || exit 70
disk=$1; shift 2
"$@" > /dev/null; [ $? -eq 10 ] || exit 71
mount -o remount,size=64m "$disk" && "$@"; code=$?
cp -p "$disk"/* "$disk.kept/" && umount "$disk" && cp -p "$disk.kept"/* "$disk/" || exit 72
exit $code`

/** Returns a target whose first process fills its disk, and whose second one has enough of it; both are one command. */
export const withFullDisk = (target: Target, kilobytes: number): Target => ({
  ...target,
  commandOf: (input, folder) => {
    const { directory } = input
    mkdirSync(`${directory}.kept`, { mode: 0o700 })
    const command = target.commandOf(input, folder)
    return ["unshare", "-rm", "sh", "-c", onSmallDisk, "sh", directory, `${kilobytes}k`, ...command]
  },
})

/** Writes the rows as a file that the command reads. */
const writeRows = (file: string, count: number): void => {
  const cells = Array.from({ length: count }, (_, index) => {
    const number = index + 1
    const address = identifierOf(number).replace("email:", "")
    return `${kindOf(number) === "invalid" ? "nowhere" : address},Row ${number}`
  })
  writeFileSync(file, ["Email,First name", ...cells, ""].join("\n"))
}

/** Packs the command and unpacks the tarball; the package must be built. */
export const commandTarget = async (): Promise<Target> => {
  const folder = await keptFolder("torture-command")
  const run = promisify(execFile)
  const cwd = fileURLToPath(new URL("../../../../packages/cli", import.meta.url))
  const packed = await run("pnpm", ["pack", "--json", "--pack-destination", folder], { cwd })
  const { filename }: { filename: string } = JSON.parse(packed.stdout)
  await run("tar", ["-xzf", filename, "-C", folder])
  const bin = join(folder, "package/dist/bin.js")
  return {
    name: "command",
    commandOf: ({ concurrency, delivery, directory, rows }, files) => {
      const file = join(files, "rows.csv")
      writeRows(file, rows)
      const flags = `--yes --ndjson --rejects none --report none --delivery ${delivery}`
      return [
        process.execPath,
        bin,
        "import",
        file,
        ...flags.split(" "),
        `--journal=${directory}`,
        `--concurrency=${concurrency}`,
      ]
    },
    environment: ({ baseUrl }, files) => ({
      PATH: process.env["PATH"],
      HOME: files,
      XDG_CONFIG_HOME: files,
      XDG_STATE_HOME: files,
      AELYST_BASE_URL: baseUrl,
      AELYST_TOKEN: "sandbox_ok",
    }),
    isSilent: false,
  }
}
