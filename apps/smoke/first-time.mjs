// Copies from the READMEs as a first-time user does: starts the sandbox and creates a contact by npx, imports sixty rows, and
// installs a form that takes sign-ups into an outbox. The judge is the sandbox.
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { blockOf, installed } from "./first-hour.mjs"
import { npm } from "./nodes.mjs"
import { freePort, send, startApp, startSandbox, stop } from "./servers.mjs"

const root = fileURLToPath(new URL("../..", import.meta.url))
const execute = promisify(execFile)
const read = (file) => readFileSync(join(root, file), "utf8")

/** Returns the command of a page that begins so. */
const commandOf = (page, start) => {
  const command = read(page)
    .split("\n")
    .map((text) => text.replace(/^- run: /, ""))
    .find((text) => text.startsWith(start))
  if (command === undefined) throw new Error(`${page} has no command that begins with ${start}`)
  return command
}

const rows = 60
const csv = [
  "First Name,Email,Phone",
  ...Array.from(
    { length: rows },
    (_, n) => `Person ${n},person${n}@example.com,+6012345${String(n).padStart(4, "0")}`,
  ),
].join("\n")

/**
 * Does all of it in empty folders under one version of Node.js, with an `.npmrc` that says where the packages are; `report`
 * gets each step, with the problem if there is one.
 */
export const firstTime = async (version, env, npmrc, report) => {
  const home = mkdtempSync(join(tmpdir(), "aelyst-first-time-"))
  const step = (name, problem) => report(`Node ${version}, first time: ${name}`, problem)
  const folderOf = (name, files = {}) => {
    const folder = join(home, name)
    mkdirSync(folder)
    for (const [file, text] of Object.entries({ ".npmrc": npmrc, ...files }))
      writeFileSync(join(folder, file), text)
    return folder
  }
  // npx keeps what it has fetched, and must not find another build of the same version
  const alone = {
    ...env,
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_STATE_HOME: home,
    npm_config_yes: "true",
  }
  let sandbox
  try {
    sandbox = await startSandbox(folderOf("sandbox"), alone, "--yes")
    const caller = { ...alone, ...sandbox.variables }
    const url = new URL("/_sandbox/contacts", sandbox.variables.AELYST_BASE_URL)
    const contacts = async () => (await (await fetch(url)).json()).contacts.length
    const type = (folder, command) =>
      execute(command, { cwd: folder, env: caller, shell: true, timeout: 300_000 }).then(
        () => undefined,
        ({ code, stdout, stderr }) => `${command}\nexit ${code}\n${stdout}${stderr}`,
      )
    const expectContacts = async (wanted) => {
      const found = await contacts()
      return found === wanted ? undefined : `the sandbox has ${found} contacts, not ${wanted}`
    }

    const failed = await type(folderOf("create"), commandOf("README.md", "npx @aelyst/cli create"))
    step("npx @aelyst/cli create", failed ?? (await expectContacts(1)))

    const importing = folderOf("import", { "contacts.csv": `${csv}\n` })
    const broken = await type(
      importing,
      commandOf("packages/cli/README.md", "npx @aelyst/cli import"),
    )
    step(`npx @aelyst/cli import of ${rows} rows`, broken ?? (await expectContacts(1 + rows)))

    const port = await freePort()
    const form = folderOf("form", {
      "package.json": JSON.stringify({ private: true, type: "module" }),
      "index.js": blockOf("packages/outbox/README.md", "ts server").replace("3000", String(port)),
    })
    const packages = ["outbox", "express"].flatMap((name) =>
      installed(`packages/${name}/README.md`),
    )
    const problem = npm(form, alone, "--ignore-scripts", ...new Set(packages))
    step("install of a form with an outbox", problem)
    if (problem !== undefined) return
    const app = await startApp("index.js", port, { cwd: form, env: caller })
    const calls = blockOf("packages/outbox/README.md", "sh").split("\n")
    const statuses = []
    for (const call of calls.filter((text) => text.startsWith("curl")))
      statuses.push(await send(call, port).catch(String))
    const deadline = Date.now() + 120_000
    const wanted = 1 + rows + statuses.length
    while ((await contacts()) < wanted && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    app.child.kill()
    const accepted = statuses.length > 0 && statuses.every((status) => status === 202)
    step(
      "a form with an outbox",
      accepted ? await expectContacts(wanted) : `${statuses}\n${app.errors()}`,
    )
  } catch (error) {
    step("everything", String(error))
  } finally {
    if (sandbox !== undefined) stop(sandbox.child)
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
