/** The READMEs of the repository and the pages that show TypeScript, their blocks run against a sandbox. */
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
import { expectedOf, generalise } from "../src/Examples.ts"

const app = fileURLToPath(new URL("..", import.meta.url))
const root = join(app, "../..")
const run = promisify(execFile)

const read = (file: string): string => readFileSync(join(root, file), "utf8")
const guides = globSync("docs/*.md", { cwd: root }).filter((file) => /^```ts/m.test(read(file)))

/** Every README and guide with its blocks that are to be run. */
export const readmes = [
  ...globSync(["README.md", "packages/*/README.md"], { cwd: root }),
  ...guides,
]
  .map((file) => file.replaceAll("\\", "/"))
  .toSorted()
  .map((readme) => ({ readme, blocks: parse(read(readme)) }))

/** What is run at once: a block, and with a server the `sh` block after it. */
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

/** Says whether a block needs `curl`, which not every machine has. */
const needsCurl = ({ block, next }: Unit): boolean =>
  [block, next].some((one) => one?.language === "sh" && /(?<![\w-])curl\b/.test(one.code))

/** A folder below this app, so that blocks find the packages as its own files would. */
export const folderOf = (name: string): string => join(app, ".blocks", name)

const fileOf = (folder: string, readme: string, block: Block) => {
  const name = readme.replace(/\/?README\.md$|\.md$/, "").replaceAll("/", "-") || "root"
  const commonJs = block.language === "js" && /\brequire\(/.test(block.code)
  return join(folder, `${name}-${block.line}.${commonJs ? "cjs" : block.language}`)
}

/** Writes the blocks of all READMEs that are in TypeScript or JavaScript into a folder that is new. */
export const write = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { readme, blocks } of readmes) {
    for (const block of blocks) {
      // what has no import is still a module of its own
      const end = block.language === "ts" ? "\nexport {}\n" : ""
      if (block.language !== "sh") writeFileSync(fileOf(folder, readme, block), block.code + end)
    }
  }
}

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

/** Starts a block that stays up, and waits until somebody listens on its port. */
const startServer = async (file: string, port: number, env: NodeJS.ProcessEnv) => {
  const child = spawn(process.execPath, [file], { env, stdio: "pipe" })
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

/** Registers a test for each block that needs `curl`, or for each that does not. */
export const testBlocks = (folder: string, curl: boolean): void => {
  let sandbox: Sandbox
  beforeAll(async () => {
    write(folder)
    sandbox = await Sandbox.start()
  })
  afterAll(() => sandbox.close())

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

  const chosen = readmes
    .map(({ readme, blocks }) => ({
      readme,
      units: unitsOf(blocks).filter((unit) => needsCurl(unit) === curl),
    }))
    .filter(({ units }) => units.length > 0)

  describe.each(chosen)("$readme", ({ readme, units }) => {
    it.each(units)("runs in line $line", { timeout: 30_000 }, async ({ block, next }) => {
      sandbox.reset()
      const options = { env: environment(), cwd: folder, timeout: 25_000 }
      const bash = (code: string) => run("bash", ["-euo", "pipefail", "-c", code], options)
      if (!block.server) {
        const { stdout } = await (block.language === "sh"
          ? bash(block.code)
          : run(process.execPath, [fileOf(folder, readme, block)], options))
        const expected = expectedOf(block.code)
        if (expected.length === 0) return
        expect(generalise(expected, stdout.trimEnd().split("\n"))).toStrictEqual(expected)
        return
      }
      expect(next?.language).toBe("sh")
      const port = await freePort()
      const file = fileOf(folder, readme, block).replace(/\.ts$/, ".server.ts")
      writeFileSync(file, block.code.replaceAll("3000", String(port)))
      const server = await startServer(file, port, options.env)
      try {
        await bash((next?.code ?? "").replaceAll("3000", String(port)))
        expect(sandbox.contacts().length).toBeGreaterThan(0)
      } finally {
        server.kill()
      }
    })
  })
}
