import { Sandbox } from "@aelyst/sandbox"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

import type { StatusRow } from "../src/Status.ts"
import { requestErrors, statusTable } from "../src/Status.ts"
import { send } from "./http.ts"

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

/** Returns the rows of a table between two marks, without the formatter's spaces. */
const rowsOf = (name: string): ReadonlyArray<string> => {
  const part = readme.split(`<!-- ${name}:begin`)[1]?.split(`<!-- ${name}:end -->`)[0] ?? ""
  return part
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.replace(/\s+/g, " "))
}

const side = ({ code, status }: Pick<StatusRow["proxy"], "code" | "status">) =>
  `${status} \`${code}\``

it("has the status table of the source", () => {
  const rows = Object.entries<StatusRow>(statusTable).map(([name, row]) => {
    const waits = { always: "`Retry-After`", named: "`Retry-After`, if known", never: "-" }
    const wait = waits[row.retryAfter]
    const headers = name === "RateLimitError" ? `${wait}; proxy also \`X-RateLimit-*\`` : wait
    return `| \`${name}\` | ${side(row.visitor)} | ${side(row.proxy)} | ${headers} |`
  })
  expect(rowsOf("status")).toEqual(rows)
})

it("has the request errors of the source", () => {
  const rows = Object.entries(requestErrors).map(
    ([code, { message, status }]) => `| \`${code}\` | ${status} | ${message} |`,
  )
  expect(rowsOf("request-errors")).toEqual(rows)
})

it("documents every option of every block", () => {
  const types = readFileSync(new URL("../src/types.ts", import.meta.url), "utf8")
  const blocks = types.split("export interface ").filter((part) => /^\w+Options/.test(part))
  const options = blocks.flatMap((part) =>
    [...part.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((found) => found[1] ?? ""),
  )
  expect(options.length).toBeGreaterThan(15)
  const missing = options.filter((option) => !new RegExp(`\`(${option}\\b|allow\\.)`).test(readme))
  expect(missing.filter((option) => option !== "delivery")).toEqual([])
})

// the examples in comments import this package
const codeOf = (source: string) => source.replace(/\/\*[\s\S]*?\*\//g, "")

it("publishes no type of Effect or core", () => {
  const dist = new URL("../dist/", import.meta.url)
  const files = readdirSync(dist).filter((file) => file.endsWith(".d.ts"))
  expect(files).toContain("index.d.ts")
  const imported = files.flatMap((file) =>
    [...codeOf(readFileSync(new URL(file, dist), "utf8")).matchAll(/from "([^"./][^"]*)"/g)].map(
      (found) => found[1],
    ),
  )
  expect([...new Set(imported)].toSorted()).toEqual(["@aelyst/node", "express", "node:http"])
})

it.each(["express", "express4"])(
  "U4: has an app that survives a typing error, on %s",
  async (express) => {
    await using sandbox = await Sandbox.start()
    const folder = fileURLToPath(new URL("../.blocks/", import.meta.url))
    const file = `${folder}${express}.ts`
    const code = /```ts server\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
    mkdirSync(folder, { recursive: true })
    // the port is any free one, which the app then prints
    const listening = "const server = app.listen(0, () => console.log(server.address().port))"
    writeFileSync(
      file,
      code.replace('from "express"', `from "${express}"`).replace("app.listen(3000)", listening),
    )
    const child = spawn(process.execPath, [file], {
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        AELYST_BASE_URL: sandbox.baseUrl,
        AELYST_TOKEN: sandbox.tokens.ok,
      },
      stdio: ["ignore", "pipe", "inherit"],
    })
    try {
      const [port] = await once(child.stdout, "data")
      const url = `http://127.0.0.1:${String(port).trim()}`
      for (const path of ["/signup", "/orders"]) {
        const wrong = await send(url + path, { form: { name: "Ana", email: "ana" } })
        expect(wrong).toMatchObject({ status: 422, json: { code: "invalid_contact" } })
      }
      const right = await send(`${url}/orders`, { form: { name: "Ana", email: "ana@example.com" } })
      expect(right.status).toBe(204)
      expect(child.exitCode).toBe(null)
      expect(sandbox.contacts()).toHaveLength(1)
    } finally {
      child.kill()
    }
  },
)

it("U5: installs every package that its first app imports", () => {
  const [install = ""] = /\$ npm install .*/.exec(readme) ?? []
  const [code = ""] = /```ts server[\s\S]*?```/.exec(readme) ?? []
  const imported = [...code.matchAll(/from "([^"]+)"/g)].map((found) => found[1] ?? "")
  expect(imported.length).toBeGreaterThan(1)
  expect(install.split(" ")).toEqual(expect.arrayContaining(imported))
})
