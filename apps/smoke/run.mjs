// Installs the packed tarballs into empty projects, as strangers would, and creates one contact from each package under
// every Node.js version that is promised: by import, by require, by both at once, by the command, and in Jest. Then TypeScript reads their types in each of its ways, and apps that have only the SDK
// create a contact each, under Bun and Deno too.
// Needs .pack, which scripts/check-packages.mjs fills.
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath, pathToFileURL } from "node:url"

import { environment, npm, versions } from "./nodes.mjs"

const app = dirname(fileURLToPath(import.meta.url))
const root = join(app, "../..")
const windows = process.platform === "win32"
const read = (file) => readFileSync(join(root, file), "utf8")

const [bun, deno] = ["1.4.5", "2.9.6"]
const jests = ["29", "30"]
const names = ["effect", "express", "libphonenumber-js", "typescript"]
const [effect, express, phones, typescript] = names.map(
  (name) => new RegExp(`^ {2}${name}: (.+)$`, "m").exec(read("pnpm-workspace.yaml"))?.[1],
)

let passed = 0
const failures = []
const report = (name, problem) => {
  if (problem === undefined) passed++
  else failures.push(`${name}\n${problem}`)
  console.log(`${problem === undefined ? "ok  " : "FAIL"} ${name}`)
}

const emptyProject = (label) => {
  const project = mkdtempSync(join(tmpdir(), `aelyst-smoke-${label}-`))
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }))
  return project
}
const tarballs = globSync("*.tgz", { cwd: join(root, ".pack") }).map((file) =>
  join(root, ".pack", file),
)
const published = globSync("packages/*/package.json", { cwd: root }).length
if (tarballs.length !== published)
  throw new Error(
    `${tarballs.length} tarballs in .pack, not ${published}; run check:packages first`,
  )

const contactsOf = async (baseUrl) => {
  const { contacts } = await (await fetch(new URL("/_sandbox/contacts", baseUrl))).json()
  return contacts.map((contact) => contact.identifier).toSorted()
}

/** Checks what Node printed about an uncaught error; returns the output if it is too long or says too little. */
const wrongWith = ({ status, stderr }) => {
  const lines = stderr.trimEnd().split("\n")
  const longest = Math.max(...lines.map((line) => line.length))
  const said = /^BadRequestError: .+ https:\S+#badrequesterror$/m.test(stderr)
  const shown = /^ {4}at async submit /m.test(stderr)
  return status === 1 && said && shown && lines.length < 25 && longest <= 2_000
    ? undefined
    : `exit ${status}, ${lines.length} lines\n${stderr}`
}

const withNode = async (version) => {
  const env = environment(version)
  const found = spawnSync("node", ["--version"], {
    env,
    encoding: "utf8",
    shell: windows,
  }).stdout.trim()
  report(`Node ${version} runs`, found === `v${version}` ? undefined : `it is ${found}`)

  const project = emptyProject(version)
  try {
    // without scripts: no package may need one
    const problem = npm(
      project,
      env,
      "--ignore-scripts",
      "--engine-strict",
      ...tarballs,
      `effect@${effect}`,
      `express@${express}`,
      `libphonenumber-js@${phones}`,
    )
    report(`Node ${version}: install`, problem)
    if (problem !== undefined) return
    cpSync(join(app, "consumers"), project, { recursive: true })

    const server = spawn("node", ["sandbox-server.mjs"], {
      cwd: project,
      env,
      shell: windows,
      stdio: ["pipe", "pipe", "inherit"],
    })
    const [line] = await once(createInterface({ input: server.stdout }), "line")
    const { baseUrl, token } = JSON.parse(line)
    const caller = {
      ...env,
      AELYST_BASE_URL: baseUrl,
      AELYST_TOKEN: token,
      HOME: project,
      XDG_CONFIG_HOME: project,
    }
    const spawned = (command, args) =>
      spawnSync(command, args, {
        cwd: project,
        env: caller,
        encoding: "utf8",
        shell: windows,
        timeout: 30_000,
      })
    const run = (name, command, ...args) => {
      const done = spawned(command, args)
      // users will ask us about a warning on stderr, so it fails too
      const good = done.status === 0 && !/warning/i.test(done.stderr)
      report(
        `Node ${version}: ${name}`,
        good ? undefined : `exit ${done.status}\n${done.stdout}${done.stderr}`,
      )
    }
    for (const library of ["core", "node", "express", "shared", "outbox"]) {
      run(`${library} by import`, "node", `${library}.mjs`)
      run(`${library} by require`, "node", `${library}.cjs`)
    }
    run("phone numbers with core", "node", "phone.mjs")
    run("an import of a file", "node", "import.mjs")
    run("journal by import", "node", "journal.mjs")
    run("workflow by import", "node", "workflow.mjs")
    run("node with Effect", "node", "node-effect.mjs")
    run("sandbox by require", "node", "sandbox.cjs")
    run("both copies of node in one process", "node", "copies.mjs")
    for (const extension of ["cjs", "mjs"]) {
      const file = `uncaught.${extension}`
      report(
        `U2: Node ${version}: ${file} is printed in a few lines`,
        wrongWith(spawned("node", [file])),
      )
    }
    const bin = join(project, "node_modules/.bin/aelyst")
    run("the command", bin, "create", "id:cli", "--first-name", "Command")
    run("the command's version", bin, "--version")
    const files = ["--journal", "runs", "--rejects", "none", "--report", "none"]
    run("the command's import", bin, "import", "contacts.csv", "--yes", ...files)
    // starts another sandbox and stops it afterwards
    const sandboxBin = join(project, "node_modules/.bin/aelyst-sandbox")
    run("the sandbox's command", sandboxBin, "exec", "--", "node", "node.mjs")
    const wanted = [
      "email:express-import@example.com",
      "email:express-require@example.com",
      "email:file-import@example.com",
      "id:cli",
      "id:cli-import",
      "id:copies-import",
      "id:copies-require",
      "id:core-import",
      "id:core-require",
      "id:journal-import",
      "id:node-effect",
      "id:node-import",
      "id:node-require",
      "id:outbox-import",
      "id:outbox-require",
      "id:shared-postgres-import",
      "id:shared-postgres-require",
      "id:shared-redis-import",
      "id:shared-redis-require",
      "id:uncaught-import",
      "id:uncaught-require",
    ]
    const arrived = await contactsOf(baseUrl)
    report(
      `Node ${version}: sandbox by import has one contact of each`,
      arrived.join() === wanted.join() ? undefined : `it has ${arrived.join(", ")}`,
    )
    server.stdin.end()
    if (server.exitCode === null) await once(server, "exit")
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

/** Returns the command of another runtime: installed from npm, kept for the next run. */
const runtime = (name, version) => {
  const folder = join(root, ".tools/runtimes", `${name}-${version}`)
  const bin = join(folder, "node_modules/.bin", name)
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ private: true, allowScripts: { [name]: true } }),
    )
    const flags = ["--no-save", "--no-package-lock"]
    const problem = npm(folder, process.env, ...flags, `${name}@${version}`)
    if (problem !== undefined) throw new Error(`cannot get ${name} ${version}\n${problem}`)
  }
  return bin
}

/** Installs the SDK alone into apps that know of nothing else, and lets each create a contact; other runtimes too. */
const withApps = async () => {
  const sandbox = pathToFileURL(join(root, "packages/sandbox/dist/index.js")).href
  const server = spawn(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      readFileSync(join(app, "consumers/sandbox-server.mjs"), "utf8").replace(
        '"@aelyst/sandbox"',
        JSON.stringify(sandbox),
      ),
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  const [line] = await once(createInterface({ input: server.stdout }), "line")
  const { baseUrl, token } = JSON.parse(line)
  const caller = { ...process.env, NODE_OPTIONS: "", AELYST_BASE_URL: baseUrl, AELYST_TOKEN: token }
  const sdk = tarballs.filter((file) => /aelyst-node-[^/\\]+$/.test(file))
  const node = "node"
  const apps = {
    "CommonJS, Express 4": {
      manifest: {},
      packages: ["express@4"],
      files: ["app-express4.cjs"],
      commands: [[node, "app-express4.cjs"]],
    },
    ESM: {
      manifest: { type: "module" },
      packages: [],
      files: ["app-esm.js"],
      commands: [
        [node, "app-esm.js", "node"],
        [runtime("bun", bun), "app-esm.js", "bun"],
        [runtime("deno", deno), "run", "--allow-all", "app-esm.js", "deno"],
      ],
    },
    TypeScript: {
      manifest: { type: "module" },
      packages: [`typescript@${typescript}`, "@types/node@22"],
      files: ["app-typescript.ts"],
      commands: [
        [
          node,
          "node_modules/typescript/bin/tsc",
          ..."--module nodenext --target es2023 --lib es2023,esnext.disposable --types node --strict".split(
            " ",
          ),
          ..."--skipLibCheck false --exactOptionalPropertyTypes app-typescript.ts".split(" "),
        ],
        [node, "app-typescript.js"],
      ],
    },
  }
  try {
    for (const [title, { manifest, packages, files, commands }] of Object.entries(apps)) {
      const project = emptyProject("app")
      try {
        writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, ...manifest }))
        const problem = npm(project, process.env, "--ignore-scripts", ...sdk, ...packages)
        report(`an app, ${title}: install`, problem)
        if (problem !== undefined) continue
        for (const file of files) cpSync(join(app, "consumers", file), join(project, file))
        for (const [command, ...args] of commands) {
          const done = spawnSync(command, args, {
            cwd: project,
            env: caller,
            encoding: "utf8",
            shell: windows,
            timeout: 30_000,
          })
          report(
            `an app, ${title}: ${[command, args[0]].map((part) => basename(part)).join(" ")}`,
            done.status === 0 ? undefined : `exit ${done.status}\n${done.stdout}${done.stderr}`,
          )
        }
      } finally {
        rmSync(project, { recursive: true, force: true })
      }
    }
    const wanted = ["bun", "deno", "express4", "node", "typescript"].map((name) => `id:app-${name}`)
    const arrived = await contactsOf(baseUrl)
    report(
      "apps: the sandbox has one contact of each",
      arrived.join() === wanted.join() ? undefined : `it has ${arrived.join(", ")}`,
    )
  } finally {
    server.stdin.end()
  }
}

/** Lets Jest load the packages in CommonJS, without a configuration, under every Node.js version. */
const withJest = () => {
  const project = emptyProject("jest")
  try {
    const packages = jests.map((version) => `jest-${version}@npm:jest@${version}`)
    const libraries = tarballs.filter((file) => /aelyst-(?:node|express|sandbox)-/.test(file))
    const flags = ["--ignore-scripts", ...libraries, `express@${express}`, ...packages]
    const problem = npm(project, process.env, ...flags)
    report("Jest: install", problem)
    if (problem !== undefined) return
    cpSync(join(app, "consumers/jest.test.js"), join(project, "jest.test.js"))
    for (const version of versions) {
      for (const jest of jests) {
        const bin = join("node_modules", `jest-${jest}`, "bin/jest.js")
        const done = spawnSync("node", [bin, "--ci"], {
          cwd: project,
          env: environment(version),
          encoding: "utf8",
          shell: windows,
          timeout: 60_000,
        })
        const good = done.status === 0 && /^Tests: +6 passed, 6 total$/m.test(done.stderr)
        report(
          `R22: Node ${version}: Jest ${jest}`,
          good ? undefined : `exit ${done.status}\n${done.stdout}${done.stderr}`,
        )
      }
    }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

const adapters = ["ts", "mts", "cts"].map((extension) => `types-adapters.${extension}`)

/** Lists the ways in which TypeScript resolves modules, with the files that are compiled in each. */
const ways = [
  // what most apps of Express have; TypeScript 7 then resolves as a bundler does
  { compilers: ["5.9"], module: "commonjs", moduleResolution: "node10", files: [adapters[0]] },
  { compilers: ["7"], module: "commonjs", files: [adapters[0]] },
  { module: "node16", files: [...adapters, "types-both.mts", "types.mts"] },
  { module: "nodenext", files: [...adapters, "types-both.mts", "types.mts", "types.cts"] },
  {
    module: "preserve",
    moduleResolution: "bundler",
    files: [...adapters, "types.mts", "types.cts"],
  },
  { module: "esnext", moduleResolution: "bundler", files: adapters },
]

/** Compiles small consumers with the oldest and the newest compiler, in each way of resolving modules. */
const withTypeScript = () => {
  const project = emptyProject("types")
  try {
    const folders = { 5.9: "typescript-5", 7: "typescript" }
    const problem = npm(
      project,
      process.env,
      "--ignore-scripts",
      ...tarballs,
      `effect@${effect}`,
      `express@${express}`,
      "typescript-5@npm:typescript@5.9",
      `typescript@${typescript}`,
      "@types/node@22",
      "@types/express@5",
    )
    report("types: install", problem)
    if (problem !== undefined) return
    cpSync(join(app, "consumers/types-both.mts"), join(project, "types-both.mts"))
    for (const name of ["types", "types-adapters"]) {
      for (const extension of ["ts", "mts", "cts"])
        cpSync(join(app, `consumers/${name}.ts`), join(project, `${name}.${extension}`))
    }
    for (const { compilers = Object.keys(folders), files, ...resolution } of ways) {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: "es2023",
        // Effect's own declarations need more
        lib: files.includes("types.mts") ? ["es2023", "esnext.disposable", "dom"] : ["es2023"],
        types: ["node"],
        exactOptionalPropertyTypes: true,
        esModuleInterop: true,
        skipLibCheck: false,
        ...resolution,
      }
      const way = Object.values(resolution).join(" and ")
      const config = join(project, `tsconfig.${way.replaceAll(" ", "-")}.json`)
      writeFileSync(config, JSON.stringify({ compilerOptions, files }))
      for (const compiler of compilers) {
        const tsc = join(project, "node_modules", folders[compiler], "bin/tsc")
        const done = spawnSync(process.execPath, [tsc, "-p", config], {
          cwd: project,
          encoding: "utf8",
        })
        report(
          `U15: TypeScript ${compiler}, ${way}`,
          done.status === 0 ? undefined : `${done.stdout}${done.stderr}`,
        )
      }
    }
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

for (const version of versions) await withNode(version)
withJest()
withTypeScript()
await withApps()
for (const failure of failures) console.error(`\n${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length > 0 ? 1 : 0)
