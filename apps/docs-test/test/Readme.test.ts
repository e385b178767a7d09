import { execFile, spawn } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Block } from "../src/Blocks.ts"
import { parse } from "../src/Blocks.ts"

const app = fileURLToPath(new URL("..", import.meta.url))
const root = join(app, "../..")
// below this app, so that the blocks find the packages as its own files would
const folder = join(app, ".blocks")
const run = promisify(execFile)

const fileOf = (readme: string, block: Block) => {
  const name = readme.replace(/\/?README\.md$/, "").replaceAll("/", "-") || "root"
  const commonJs = block.language === "js" && /\brequire\(/.test(block.code)
  return join(folder, `${name}-${block.line}.${commonJs ? "cjs" : block.language}`)
}

const readmes = globSync(["README.md", "packages/*/README.md"], { cwd: root })
  .map((file) => file.replaceAll("\\", "/"))
  .toSorted()
  .map((readme) => ({ readme, blocks: parse(readFileSync(join(root, readme), "utf8")) }))

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      )
    })
  })

let sandbox: Sandbox
const environment = () => ({
  ...process.env,
  PATH: [join(app, "bin"), process.env["PATH"]].join(delimiter),
  AELYST_BASE_URL: sandbox.baseUrl,
  AELYST_TOKEN: sandbox.tokens.ok,
  // the command keeps settings and tokens in a home of its own
  HOME: folder,
  XDG_CONFIG_HOME: join(folder, "config"),
  XDG_STATE_HOME: join(folder, "state"),
  // a vitest worker's own settings are no business of the blocks
  NODE_OPTIONS: "",
  NO_COLOR: "1",
})

/** Starts a block that stays up, and waits until somebody listens on its port. */
const startServer = async (file: string, port: number) => {
  const child = spawn(process.execPath, [file], { env: environment(), stdio: "pipe" })
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`it ended with ${code}\n${output}`)))
  })
  const answers = async (): Promise<void> => {
    for (;;) {
      const reached = await fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.body?.cancel().then(() => true) ?? true,
        () => false,
      )
      if (reached) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.race([answers(), ended])
  ended.catch(() => {})
  return child
}

beforeAll(async () => {
  sandbox = await Sandbox.start()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { readme, blocks } of readmes) {
    for (const block of blocks) {
      // what has no import is still a module of its own
      const end = block.language === "ts" ? "\nexport {}\n" : ""
      if (block.language !== "sh") writeFileSync(fileOf(readme, block), block.code + end)
    }
  }
  const config = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: {
      composite: false,
      declarationMap: false,
      noEmit: true,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noPropertyAccessFromIndexSignature: false,
      types: ["node"],
      lib: ["es2023", "dom"],
    },
    include: ["*.ts"],
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
})
afterAll(() => sandbox.close())

describe("the READMEs", () => {
  it("hold blocks to run in every file", () => {
    expect(readmes.filter(({ blocks }) => blocks.length === 0).map(({ readme }) => readme)).toEqual(
      [],
    )
    expect(readmes.length).toBeGreaterThan(0)
  })

  it("compile in every block of TypeScript", { timeout: 60_000 }, async () => {
    const output = await run("tsc", ["-p", folder, "--pretty", "false"]).then(
      () => "",
      (error: { readonly stdout: string; readonly message: string }) =>
        error.stdout || error.message,
    )
    expect(output).toBe("")
  })
})

describe.each(readmes)("$readme", ({ readme, blocks }) => {
  const runnable = blocks.map((block, index) => ({
    block,
    next: blocks[index + 1],
    before: blocks[index - 1],
  }))
  // a `sh` block after a server is run together with it
  const alone = runnable.filter(({ before }) => before?.server !== true)

  it.each(alone)("runs in line $block.line", { timeout: 30_000 }, async ({ block, next }) => {
    sandbox.reset()
    const options = { env: environment(), cwd: folder, timeout: 25_000 }
    const bash = (code: string) => run("bash", ["-euo", "pipefail", "-c", code], options)
    if (!block.server) {
      await (block.language === "sh"
        ? bash(block.code)
        : run(process.execPath, [fileOf(readme, block)], options))
      return
    }
    expect(next?.language).toBe("sh")
    const port = await freePort()
    const file = fileOf(readme, block).replace(/\.ts$/, ".server.ts")
    writeFileSync(file, block.code.replaceAll("3000", String(port)))
    const server = await startServer(file, port)
    try {
      await bash((next?.code ?? "").replaceAll("3000", String(port)))
      expect(sandbox.contacts().length).toBeGreaterThan(0)
    } finally {
      server.kill()
    }
  })
})
