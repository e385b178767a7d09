// A registry of packages on this machine, for checks of a release: it has only what is published to it.
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { npm } from "../apps/smoke/nodes.mjs"
import { freePort } from "../apps/smoke/servers.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const verdaccio = "6.8.0"

/** Installs the server below .tools, outside of the lockfile, and returns its program; kept for the next run. */
const program = () => {
  const folder = join(root, ".tools/registry", verdaccio)
  const bin = join(folder, "node_modules/verdaccio/bin/verdaccio")
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true })
    // a plugin asks for node-fetch by a tag, which not every registry serves
    const manifest = { private: true, overrides: { "node-fetch": "2.7.0" } }
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
    const problem = npm(folder, process.env, "--ignore-scripts", `verdaccio@${verdaccio}`)
    if (problem !== undefined) throw new Error(`cannot get verdaccio\n${problem}`)
  }
  return bin
}

/** Starts a registry that keeps its packages in the folder; returns its URL, the `.npmrc` that uses it, and `stop`. */
export const startRegistry = async (folder) => {
  const config = {
    storage: join(folder, "storage"),
    web: { enable: false },
    packages: { "@aelyst/*": { access: "$all", publish: "$all" } },
    // no account, so no password file either
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    max_body_size: "50mb",
    log: { type: "stdout", format: "json", level: "warn" },
  }
  mkdirSync(folder, { recursive: true })
  // JSON is YAML
  const file = join(folder, "config.yaml")
  writeFileSync(file, JSON.stringify(config))
  const port = await freePort()
  const args = [program(), "--config", file, "--listen", `127.0.0.1:${port}`]
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  let printed = ""
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (data) => (printed += data))
  const url = `http://127.0.0.1:${port}/`
  const isReady = () =>
    fetch(`${url}-/ping`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (server.exitCode !== null) throw new Error(`the registry ended\n${printed}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    url,
    // everything else comes from where npm is set to; clients publish only with a token, and this registry accepts any
    npmrc: `@aelyst:registry=${url}\n//127.0.0.1:${port}/:_authToken=anyone\n`,
    stop: () => server.kill(),
  }
}
