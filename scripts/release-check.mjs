// Releases the last commit to a registry on this machine, and uses the packages from there. In a clean clone: versions and
// changelogs, build, publish. Then, in empty folders: what a first-time user does and the first hour, under every Node.js
// version that is promised, and each install line of the READMEs.
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { firstHour } from "../apps/smoke/first-hour.mjs"
import { firstTime } from "../apps/smoke/first-time.mjs"
import { environment, npm, versions } from "../apps/smoke/nodes.mjs"
import { startRegistry } from "./registry.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const windows = process.platform === "win32"
const read = (file) => readFileSync(join(root, file), "utf8")

let passed = 0
const failures = []
const report = (name, problem) => {
  if (problem === undefined) passed++
  else failures.push(`${name}\n${problem}`)
  console.log(`${problem === undefined ? "ok  " : "FAIL"} ${name}`)
}

/** Clones the last commit, sets the versions that the changesets ask for, builds, and publishes; returns the manifests. */
const release = (scratch, npmrc) => {
  const clone = join(scratch, "clone")
  execFileSync("git", ["clone", "--quiet", root, clone])
  const run = (command, ...args) =>
    execFileSync(command, args, {
      cwd: clone,
      env: { ...process.env, CI: "true", NO_COLOR: "1" },
      shell: windows,
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    })
  const git = (...args) =>
    run("git", "-c", "user.name=check", "-c", "user.email=check@localhost", ...args)
  run("pnpm", "install", "--frozen-lockfile", "--reporter=silent")
  const manifests = () =>
    globSync("packages/*/package.json", { cwd: clone })
      .map((file) => ({
        folder: join(clone, dirname(file)),
        ...JSON.parse(readFileSync(join(clone, file), "utf8")),
      }))
      .filter((manifest) => manifest.private !== true)
  const before = manifests()
  if (globSync(".changeset/!(README).md", { cwd: clone }).length > 0) run("changeset", "version")
  run("node", "scripts/docs.mjs")
  for (const { folder, name, version } of manifests()) {
    const was = before.find((one) => one.name === name).version
    const changelog = readFileSync(join(folder, "CHANGELOG.md"), "utf8")
    report(
      `${name}: ${version} is in its changelog`,
      changelog.includes(`\n## ${version}\n`) ? undefined : changelog.slice(0, 500),
    )
    // the first release of all packages
    if (was === "0.0.0") report(`${name}: ${version}`, version === "0.1.0" ? undefined : was)
  }
  git("add", "--all")
  git("commit", "--quiet", "--allow-empty", "--message", "release")
  run("turbo", "run", "build", "--output-logs=errors-only")
  // read by pnpm in this clone only
  writeFileSync(join(clone, ".npmrc"), npmrc)
  const published = run("changeset", "publish", "--no-git-tag")
  return manifests().map((manifest) => ({ ...manifest, published }))
}

/** Checks that the registry serves every package as the newest version, with ranges that work outside of this repository. */
const checkPublished = async (manifests, url) => {
  for (const { name, published, version } of manifests) {
    const response = await fetch(`${url}${name.replace("/", "%2f")}`)
    const found = response.ok ? await response.json() : undefined
    const { dependencies = {}, peerDependencies = {} } = found?.versions[version] ?? {}
    const inside = /^(?:workspace|catalog|file|link):/
    const ranges = Object.values({ ...dependencies, ...peerDependencies })
    const good =
      found?.["dist-tags"].latest === version && !ranges.some((range) => inside.test(range))
    report(`${name}@${version} is published`, good ? undefined : `${response.status}\n${published}`)
  }
}

/** Returns the commands of all READMEs that install something, each once. */
const installCommands = () => {
  const pages = ["README.md", ...globSync("packages/*/README.md", { cwd: root })]
  const lines = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm install ((?:--?[\w-]+ )*)([@\w/. -]+)/g)].map(([line]) =>
      line.trim(),
    ),
  )
  return [...new Set(lines)].toSorted()
}

/** Types each of them in an empty folder, and imports what it has installed. */
const checkInstalls = (scratch, env, registry, manifests) => {
  for (const [index, line] of installCommands().entries()) {
    const folder = join(scratch, `line-${index}`)
    mkdirSync(folder)
    writeFileSync(join(folder, ".npmrc"), registry.npmrc)
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }))
    // npm reads no `.npmrc` of the folder when it installs globally
    const prefixed = { ...env, npm_config_prefix: join(folder, "global") }
    const scoped = `--@aelyst:registry=${registry.url}`
    const args = line.replace(/^npm install /, "").split(" ")
    const isGlobal = args.includes("--global")
    let problem = isGlobal ? npm(folder, prefixed, scoped, ...args) : npm(folder, env, ...args)
    const ours = args.filter((name) =>
      manifests.some((one) => one.name === name && one.exports["."]),
    )
    if (problem === undefined && !isGlobal) {
      const code = ours.map((name) => `await import(${JSON.stringify(name)})`).join("\n")
      try {
        execFileSync("node", ["--input-type=module", "--eval", code], { cwd: folder, env })
      } catch (error) {
        problem = String(error)
      }
    }
    report(line, problem)
  }
}

const scratch = mkdtempSync(join(tmpdir(), "aelyst-release-"))
const registry = await startRegistry(join(scratch, "registry"))
try {
  const manifests = release(scratch, registry.npmrc)
  await checkPublished(manifests, registry.url)
  const catalog = (name) =>
    new RegExp(`^ {2}${name}: (.+)$`, "m").exec(read("pnpm-workspace.yaml"))[1]
  const tools = { typescript: catalog("typescript"), vitest: catalog("vitest") }
  // a registry on the same port may have been read before, with other packages of the same version
  const cache = { npm_config_cache: join(scratch, "cache") }
  checkInstalls(scratch, { ...environment(process.versions.node), ...cache }, registry, manifests)
  for (const version of versions) {
    const env = { ...environment(version), ...cache }
    await firstTime(version, env, registry.npmrc, report)
    await firstHour(version, env, registry.npmrc, tools, report)
  }
} finally {
  registry.stop()
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
for (const failure of failures) console.error(`\n${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length > 0 ? 1 : 0)
