// Runs a command with the Node and the pnpm that this repository needs, dependencies installed.
// A fitting Node or pnpm that is already running is used; what is missing comes from the npm registry into .tools/.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, ".tools")
const windows = process.platform === "win32"
const [command, ...args] = process.argv.slice(2)
if (command === undefined) {
  console.error("usage: node scripts/with-tools.mjs <command> [arguments]")
  process.exit(2)
}

const fits = (version) => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return (
    (major === 22 && minor >= 19) ||
    (major === 24 && minor >= 11) ||
    (major > 24 && major % 2 === 0)
  )
}
const pin = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split(
  "@",
)[1]
const agent = /^pnpm\/(\d+)/.exec(process.env.npm_config_user_agent ?? "")
const missing = {
  ...(!fits(process.versions.node) && {
    node: readFileSync(join(root, ".node-version"), "utf8").trim(),
  }),
  ...(agent?.[1] !== pin.split(".")[0] && { pnpm: pin }),
}

const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  AELYST_INSTALLED: root,
}
const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH"
env[pathKey] = [
  join(tools, "node_modules", ".bin"),
  join(root, "node_modules", ".bin"),
  env[pathKey],
].join(delimiter)

const run = (name, parameters, options = {}) => {
  const done = spawnSync(name, parameters, {
    cwd: root,
    env,
    stdio: "inherit",
    shell: windows,
    ...options,
  })
  if (done.error !== undefined) console.error(`cannot run ${name}: ${done.error.message}`)
  return done.status ?? (done.signal === "SIGINT" ? 130 : 1)
}
const orExit = (status) => {
  if (status !== 0) process.exit(status)
}

const stamp = join(tools, "stamp.json")
const present = existsSync(stamp) ? JSON.parse(readFileSync(stamp, "utf8")) : {}
if (Object.entries(missing).some(([name, version]) => present[name] !== version)) {
  mkdirSync(tools, { recursive: true })
  // npm 12 blocks install scripts that are not allowed by name; both packages place their binary in one
  const manifest = { private: true, allowScripts: { node: true, pnpm: true } }
  writeFileSync(join(tools, "package.json"), JSON.stringify(manifest))
  // npm removes what it is not asked for, so what is there is asked for again
  const wanted = { ...present, ...missing }
  const packages = Object.entries(wanted).map(([name, version]) => `${name}@${version}`)
  console.error(`fetching ${packages.join(" and ")} into .tools`)
  // run inside .tools: with --prefix npm would lose the machine's global npmrc
  const flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
  orExit(run("npm", ["install", ...flags, ...packages], { cwd: tools, stdio: ["ignore", 2, 2] }))
  writeFileSync(stamp, JSON.stringify(wanted))
}
// a command that such a command runs must not change the dependencies of others that are running
if (process.env.AELYST_INSTALLED !== root) {
  const install = ["install", "--frozen-lockfile"]
  const quiet = { stdio: ["ignore", 2, 2] }
  // the silent reporter hides errors too, so a failed install is repeated aloud
  if (run("pnpm", [...install, "--reporter=silent"], quiet) !== 0)
    orExit(run("pnpm", install, quiet))
}
process.exit(run(command, args))
