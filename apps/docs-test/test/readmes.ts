/** Runs the blocks of the READMEs, guides and concepts against a sandbox. */
import { execFile, spawn } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import * as Ports from "../../conformance/src/network/Ports.ts"
import type { Block } from "../src/Blocks.ts"
import { parse } from "../src/Blocks.ts"
import { documents } from "../src/Documents.ts"
import { expectedOf, generalise } from "../src/Examples.ts"

const app = fileURLToPath(new URL("..", import.meta.url))
const root = join(app, "../..")
const run = promisify(execFile)

const read = (file: string): string => readFileSync(join(root, file), "utf8")
/** Its programs do the same in two ways, so each starts with an empty sandbox. */
const programs = "docs/effect.md"

/** The program that runs the blocks: CI sets it to each version of Node.js that is supported. */
const node = process.env["AELYST_BLOCKS_NODE"] ?? process.execPath

/** Every README and guide, with the blocks to run. */
export const readmes = documents(root).map((readme) => ({ readme, blocks: parse(read(readme)) }))

/** Blocks that run together: one block, or a server and the `sh` block after it. */
interface Unit {
  readonly line: number
  readonly block: Block
  readonly next: Block | undefined
}

const unitsOf = (blocks: ReadonlyArray<Block>): ReadonlyArray<Unit> =>
  blocks.flatMap((block, index) => {
    if (blocks[index - 1]?.server === true) return []
    return [{ line: block.line, block, next: block.server ? blocks[index + 1] : undefined }]
  })

/** Returns whether a block needs `curl`, or a database: a program that not every machine has. */
const needsSystem = ({ block, next }: Unit): boolean =>
  [block, next].some(
    (one) =>
      (one?.language === "sh" && /(?<![\w-])curl\b/.test(one.code)) ||
      /\b(REDIS_URL|DATABASE_URL)\b/.test(one?.code ?? ""),
  )

/** Returns a folder in this app, so that blocks resolve packages as this app's files do. */
export const folderOf = (name: string): string => join(app, ".blocks", name)

/** The folder of Node.js's compile cache: most blocks load the same modules. */
export const compileCache: string = folderOf("compiled")

const fileOf = (folder: string, readme: string, block: Block) => {
  const name = readme.replace(/\/?README\.md$|\.md$/, "").replaceAll("/", "-") || "root"
  const commonJs = block.language === "js" && /\brequire\(/.test(block.code)
  return join(folder, `${name}-${block.line}.${commonJs ? "cjs" : block.language}`)
}

/** Writes the TypeScript and JavaScript blocks of all READMEs to a fresh folder. */
export const write = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { readme, blocks } of readmes) {
    for (const block of blocks) {
      // a block without imports must still be a module
      const end = block.language === "ts" ? "\nexport {}\n" : ""
      if (block.language !== "sh") writeFileSync(fileOf(folder, readme, block), block.code + end)
    }
  }
}

/** Starts a server block, and waits until its port accepts connections. */
const startServer = async (file: string, port: number, env: NodeJS.ProcessEnv) => {
  const child = spawn(node, [file], { cwd: dirname(file), env, stdio: "pipe" })
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`it ended with ${code}\n${output}`)))
  })
  const isListening = async (): Promise<void> => {
    for (;;) {
      const isReached = await fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.body?.cancel().then(() => true) ?? true,
        () => false,
      )
      if (isReached) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.race([isListening(), ended])
  ended.catch(() => {})
  return child
}

/** Checks whether a document is a README, rather than a guide or concept. */
export const isReadme = (document: string): boolean => document.endsWith("README.md")

/**
 * Registers a test for each block of the chosen documents that needs a program of the system, or for each one that does not.
 * `start` starts what those of a document need, and returns the variables that they find it by.
 */
export const testBlocks = (
  folder: string,
  {
    documents: isChosen = () => true,
    system,
    start,
  }: {
    readonly documents?: (document: string) => boolean
    readonly system: boolean
    readonly start?: () => Promise<NodeJS.ProcessEnv>
  },
): void => {
  let found: NodeJS.ProcessEnv | undefined
  let sandbox: Sandbox
  beforeAll(async () => {
    write(folder)
    sandbox = await Sandbox.start()
  })
  afterAll(() => sandbox.close())

  const environment = () => ({
    ...process.env,
    ...found,
    PATH: [join(app, "bin"), dirname(node), process.env["PATH"]].join(delimiter),
    AELYST_BASE_URL: sandbox.baseUrl,
    AELYST_TOKEN: sandbox.tokens.ok,
    // the command must not use the settings and tokens of the real home
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    // blocks must not inherit the settings of the vitest worker
    NODE_OPTIONS: "",
    NODE_COMPILE_CACHE: compileCache,
    NO_COLOR: "1",
  })

  const optionsOf = () => ({ env: environment(), cwd: folder, timeout: 100_000 })
  const bash = (code: string) => run("bash", ["-euo", "pipefail", "-c", code], optionsOf())
  const chosen = readmes
    .filter(({ readme }) => isChosen(readme))
    .map(({ readme, blocks }) => ({
      readme,
      units: unitsOf(blocks).filter((unit) => needsSystem(unit) === system),
    }))
    .filter(({ units }) => units.length > 0)

  describe.each(chosen)("$readme", ({ readme, units }) => {
    // a reader runs the blocks of all READMEs one after the other against one sandbox, and those of a guide against another
    beforeAll(async () => {
      if (!isReadme(readme)) sandbox.reset()
      // no document finds what another has left in a database
      found = await start?.()
    })
    beforeEach(() => {
      if (readme === programs) sandbox.reset()
    })
    let contacts = 0
    const scripts = units.filter(({ block }) => !block.server)
    const servers = units.filter(({ block }) => block.server)

    it.each(scripts)("U3: runs in line $line", async ({ block }) => {
      const { stdout } = await (block.language === "sh"
        ? bash(block.code)
        : run(node, [fileOf(folder, readme, block)], optionsOf()))
      const expected = expectedOf(block.code)
      // a block that does not say what it prints may print anything
      const printed = expected.length === 0 ? [] : stdout.trimEnd().split("\n")
      expect(generalise(expected, printed)).toStrictEqual(expected)
    })

    it.each(servers)("U3: serves in line $line", async ({ block, next }) => {
      expect(next?.language).toBe("sh")
      const port = await Ports.own()
      const file = fileOf(folder, readme, block).replace(/\.ts$/, ".server.ts")
      writeFileSync(file, block.code.replaceAll("3000", String(port)))
      const server = await startServer(file, port, environment())
      try {
        await bash((next?.code ?? "").replaceAll("3000", String(port)))
        // an outbox responds before it creates
        await expect
          .poll(() => sandbox.contacts().length, { timeout: 100_000 })
          .toBeGreaterThan(contacts)
        contacts = sandbox.contacts().length
      } finally {
        server.kill()
      }
    })
  })
}
