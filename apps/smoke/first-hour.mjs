// The first hour of a user, with nothing but what the documents say: an empty folder, the install lines of the READMEs, the
// sandbox as the READMEs start it, their blocks as they are, and in the end a contact in the sandbox. In CommonJS, ESM, TypeScript, Express 4 and 5, Jest and Vitest.
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { npm } from "./nodes.mjs"
import { freePort, send, startApp, startSandbox, stop } from "./servers.mjs"

const root = fileURLToPath(new URL("../..", import.meta.url))
const execute = promisify(execFile)
const windows = process.platform === "win32"
const read = (file) => readFileSync(join(root, file), "utf8")

/** Returns the first block of a page with this info string. */
export const blockOf = (page, info) => {
  const [, code] = new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\``, "m").exec(read(page)) ?? []
  if (code === undefined) throw new Error(`${page} has no block of ${info}`)
  return code
}

/** Returns the packages of the install line of a README. */
export const installed = (readme) => {
  const [, packages = ""] = /^\$ npm install (?:--save-dev )?(.+)$/m.exec(read(readme)) ?? []
  return packages.split(" ")
}

const quickstart = blockOf("packages/node/README.md", "ts")
const commonJs = blockOf("packages/node/README.md", "js")
const expressApp = blockOf("packages/express/README.md", "ts server")
const expressCalls = blockOf("packages/express/README.md", "sh")
const identifierOf = (code) =>
  /"(phone:\+\d+)"/.exec(code)?.[1] ?? `email:${/email\("(.+?)"\)/.exec(code)?.[1]}`

const isImport = (text) => text.startsWith("import ")

/** Moves everything but the imports into a function: modules of CommonJS have no top-level await. */
const inFunction = (code) => {
  const all = code.split("\n")
  const body = all.filter((text) => !isImport(text))
  return [
    ...all.filter(isImport),
    "const main = async () => {",
    ...body,
    "}",
    "void main()",
    "",
  ].join("\n")
}

/**
 * Walks through the first hour under one version of Node.js, with an `.npmrc` that says where the packages are; `report` gets
 * each step, with the problem if there is one.
 */
export const firstHour = async (version, env, npmrc, versions, report) => {
  const project = mkdtempSync(join(tmpdir(), "aelyst-first-hour-"))
  const step = (name, problem) => report(`Node ${version}, first hour: ${name}`, problem)
  const home = { ...env, HOME: project, XDG_CONFIG_HOME: project }
  const install = (folder, ...packages) => npm(folder, env, "--ignore-scripts", ...packages)
  let sandbox
  try {
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }))
    writeFileSync(join(project, ".npmrc"), npmrc)
    const wanted = new Set([
      ...installed("packages/node/README.md"),
      ...installed("packages/express/README.md"),
      "@aelyst/sandbox",
      "@aelyst/cli",
    ])
    const tools = [`typescript@${versions.typescript}`, "@types/node@22", "@types/express@5"]
    const problem = install(project, ...wanted, ...tools, "jest@30", `vitest@${versions.vitest}`)
    step("install", problem)
    if (problem !== undefined) return
    sandbox = await startSandbox(project, home)
    const caller = { ...home, ...sandbox.variables }
    const contacts = async () => {
      const url = new URL("/_sandbox/contacts", sandbox.variables.AELYST_BASE_URL)
      return (await (await fetch(url)).json()).contacts.map(({ identifier }) => identifier)
    }
    const reset = () =>
      fetch(new URL("/_sandbox/reset", sandbox.variables.AELYST_BASE_URL), { method: "POST" })
    // not synchronous: the connections to the sandbox must notice when it closes them
    const run = (folder, [command, ...args]) =>
      execute(command, args, { cwd: folder, env: caller, shell: windows, timeout: 120_000 }).then(
        () => undefined,
        ({ code, stdout, stderr }) => `exit ${code}\n${stdout}${stderr}`,
      )
    const folderOf = (name, files, manifest = {}) => {
      const folder = join(project, name)
      mkdirSync(folder)
      const all = { "package.json": JSON.stringify({ private: true, ...manifest }), ...files }
      for (const [file, text] of Object.entries(all)) writeFileSync(join(folder, file), text)
      return folder
    }
    const tsc = [
      "npx",
      "--no-install",
      "tsc",
      "--types",
      "node",
      "--strict",
      "--lib",
      "es2023",
      "--target",
      "es2023",
    ]

    const programs = {
      CommonJS: [{ "index.js": commonJs }, {}, [["node", "index.js"]], identifierOf(commonJs)],
      ESM: [{ "index.js": quickstart }, { type: "module" }, [["node", "index.js"]]],
      "TypeScript, commonjs": [
        { "index.ts": inFunction(quickstart) },
        {},
        [
          [...tsc, "--module", "commonjs", "--esModuleInterop", "index.ts"],
          ["node", "index.js"],
        ],
      ],
      "TypeScript, nodenext": [
        { "index.ts": quickstart },
        { type: "module" },
        [
          [...tsc, "--module", "nodenext", "index.ts"],
          ["node", "index.js"],
        ],
      ],
    }
    for (const [
      name,
      [files, manifest, commands, identifier = identifierOf(quickstart)],
    ] of Object.entries(programs)) {
      await reset()
      const folder = folderOf(name.replace(/\W+/g, "-"), files, manifest)
      let failed
      for (const command of commands) failed ??= await run(folder, command)
      const arrived = (await contacts()).join()
      step(name, failed ?? (arrived === identifier ? undefined : `the sandbox has ${arrived}`))
    }

    for (const express of ["5", "4"]) {
      await reset()
      const port = await freePort()
      const files = { "index.js": expressApp.replace("3000", String(port)) }
      const folder = folderOf(`express-${express}`, files, { type: "module" })
      const broken = install(folder, `express@${express}`)
      const server = await startApp("index.js", port, { cwd: folder, env: caller })
      const statuses = []
      for (const call of expressCalls.split("\n").filter((text) => text.startsWith("curl"))) {
        statuses.push(await send(call, port).catch(String))
      }
      server.child.kill()
      const arrived = (await contacts()).length
      const good = statuses.join() === "201,204,422,422" && arrived === 2
      step(
        `Express ${express}`,
        broken ?? (good ? undefined : `${statuses}, ${arrived} contacts\n${server.errors()}`),
      )
    }

    const jest = folderOf("jest", { "first.test.js": blockOf("docs/testing.md", "js jest") })
    step(
      "Jest with fake timers",
      await run(jest, ["npx", "--no-install", "jest", "--rootDir", jest]),
    )
    const vitest = folderOf("vitest", { "first.test.mjs": blockOf("docs/testing.md", "js vitest") })
    step(
      "Vitest with fake timers",
      await run(vitest, ["npx", "--no-install", "vitest", "run", "--root", vitest]),
    )

    await reset()
    const words = /^aelyst (create email:.*)$/m.exec(read("packages/cli/README.md"))[1]
    const failed = await run(project, ["npx", "--no-install", "@aelyst/cli", ...words.split(" ")])
    step("the command", failed ?? ((await contacts()).length === 1 ? undefined : "no contact"))
  } finally {
    if (sandbox !== undefined) stop(sandbox.child)
    rmSync(project, { recursive: true, force: true })
  }
}
