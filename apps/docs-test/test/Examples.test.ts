import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Example } from "../src/Examples.ts"
import { generalise, read } from "../src/Examples.ts"
import { publicNames } from "../src/PublicNames.ts"
import { compileCache, folderOf } from "./readmes.ts"
import { entries, files, methods, sourceOf } from "./sources.ts"
import { compile } from "./typescript.ts"

const doc = (lines: ReadonlyArray<string>, declaration: string) =>
  ["/**", ...lines.map((line) => ` * ${line}`), " */", declaration, ""].join("\n")
const fence = "```"

describe("read", () => {
  const block = [`${fence}ts`, "console.log(1) // => 1", fence]

  it("returns an example with its line and expected output", () => {
    const text = doc(["Adds.", "", "**Example**", "", ...block], "export const add = () => 1")
    const { examples, declarations } = read("a.ts", text)
    expect(examples).toStrictEqual([
      { file: "a.ts", line: 7, code: "console.log(1) // => 1\n", expected: ["1"] },
    ])
    expect(declarations).toStrictEqual([{ name: "add", isFunction: true, hasExample: true }])
  })

  it("rejects an example without a block", () => {
    const text = doc(["**Example**", "", "None."], "export const add = () => 1")
    expect(() => read("a.ts", text)).toThrow("a.ts:2: an example without a ts block")
    const open = doc(["**Example**", "", `${fence}ts`, "1"], "export const add = () => 1")
    expect(() => read("a.ts", open)).toThrow("a.ts:2: a block that does not end")
  })

  it("lists functions, classes and their methods, and methods of interfaces", () => {
    const text = `export class A { b(): void {} #c(): void {} }\nexport interface D { e(): void }\nexport const f = 1\n`
    expect(read("a.ts", text).declarations.map(({ name }) => name)).toStrictEqual([
      "A",
      "A.b",
      "D.e",
      "f",
    ])
  })
})

describe("generalise", () => {
  it("accepts any text for …, and no other difference", () => {
    expect(generalise(["1", "at … ms"], ["1", "at 12.5 ms"])).toStrictEqual(["1", "at … ms"])
    expect(generalise(["1"], ["1", "2"])).toStrictEqual(["1", "2"])
    expect(generalise(["a.c"], ["abc"])).toStrictEqual(["abc"])
  })
})

const folder = folderOf("examples")
const pathOf = ({ file, line }: Example): string =>
  join(
    folder,
    `${file
      .replace(/^packages\/|\.ts$/g, "")
      .replace("/src/", "-")
      .replaceAll("/", "-")}-${line}.ts`,
  )

const chosen = files
  .map((file) => ({ file, examples: sourceOf(file).examples }))
  .filter(({ examples }) => examples.length > 0)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const example of chosen.flatMap(({ examples }) => examples)) {
    // empty lines before it, so that an error names the line of the source
    const code = `${"\n".repeat(example.line - 1)}${example.code}\nexport {}\n`
    writeFileSync(pathOf(example), code)
  }
})

describe("the examples of docstrings", () => {
  it("compile", async () => {
    expect(await compile(folder)).toBe("")
  })
})

describe.each(chosen)("the examples of $file", ({ examples }) => {
  let sandbox: Sandbox
  let child: ChildProcess
  let ended: Promise<ReadonlyArray<{ error: string; printed?: undefined }>>
  beforeAll(async () => {
    sandbox = await Sandbox.start()
    child = fork(fileURLToPath(new URL("run-example.ts", import.meta.url)), {
      cwd: folder,
      execArgv: [],
      env: {
        ...process.env,
        AELYST_BASE_URL: sandbox.baseUrl,
        AELYST_TOKEN: sandbox.tokens.ok,
        // examples must not inherit the settings of the vitest worker
        NODE_OPTIONS: "",
        NODE_COMPILE_CACHE: compileCache,
        NO_COLOR: "1",
      },
    })
    ended = once(child, "exit").then(() => [{ error: "the example ended the process" }])
    await once(child, "message")
  })
  afterAll(async () => {
    child.kill()
    await sandbox.close()
  })

  it.each(examples)("print the expected output in line $line", async (example) => {
    sandbox.reset()
    const reply = Promise.race([once(child, "message"), ended])
    child.send(pathToFileURL(pathOf(example)).href)
    const [{ printed, error }] = await reply
    expect(error).toBe(undefined)
    expect(generalise(example.expected, printed)).toStrictEqual(example.expected)
  })
})

describe("an example", () => {
  it("exists for every public function of core and of the SDK", () => {
    const names = entries.flatMap((entry) => publicNames(entry, sourceOf))
    expect(names.length).toBeGreaterThan(100)
    const without = names
      .filter(({ hasExample }) => !hasExample)
      .map(({ file, local }) => `${file} ${local}`)
    const members = methods.flatMap(([file, owner]) => {
      const found = sourceOf(file).declarations.filter(({ name }) => name.startsWith(`${owner}.`))
      expect(found.length).toBeGreaterThan(0)
      return found.filter((one) => !one.hasExample).map(({ name }) => `${file} ${name}`)
    })
    expect([...new Set([...without, ...members])].toSorted()).toStrictEqual([])
  })
})
