// The versions of Node.js that are promised: where each is, and how projects install packages for it.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The oldest version, the one of this repository, and the newest. */
export const versions = [
  "22.19.0",
  readFileSync(join(root, ".node-version"), "utf8").trim(),
  "26.10.0",
]

/** Installs packages in a folder; returns the output if that fails. */
export const npm = (cwd, env, ...args) => {
  const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
  const done = spawnSync("npm", ["install", ...flags, ...args], {
    cwd,
    env,
    encoding: "utf8",
    shell: process.platform === "win32",
  })
  return done.status === 0 ? undefined : `${done.stdout}${done.stderr}${done.error ?? ""}`
}

/** Returns the folder of a Node.js version: installed from npm, kept for the next run. */
export const nodeFolder = (version) => {
  if (process.versions.node === version) return dirname(process.execPath)
  const folder = join(root, ".tools/nodes", version)
  const bin = join(folder, "node_modules/.bin")
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ private: true, allowScripts: { node: true } }),
    )
    const problem = npm(folder, process.env, "--no-save", "--no-package-lock", `node@${version}`)
    if (problem !== undefined) throw new Error(`cannot get Node ${version}\n${problem}`)
  }
  return bin
}

/** Returns the environment in which `node` is a given version. */
export const environment = (version) => {
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === "PATH") ?? "PATH"
  const path = [nodeFolder(version), process.env[pathKey]].join(delimiter)
  return { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", [pathKey]: path }
}
