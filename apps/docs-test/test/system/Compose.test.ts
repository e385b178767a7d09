/** The compose file of the guide for several machines, brought up by its own five commands, with processes for containers. */
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"

import * as Ports from "../../../conformance/src/network/Ports.ts"
import type { PostgresServer } from "../../../conformance/src/shared/PostgresServer.ts"
import { startPostgres } from "../../../conformance/src/shared/PostgresServer.ts"

interface Service {
  readonly command?: string
  readonly entrypoint?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly profiles?: ReadonlyArray<string>
  readonly deploy?: { readonly replicas: number }
}

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const page = readFileSync(join(root, "docs/several-machines.md"), "utf8")
const blockOf = (language: string): string =>
  new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? ""
const { services }: { readonly services: Readonly<Record<string, Service>> } = parse(
  blockOf("yaml"),
  { merge: true },
)
const commands = blockOf("text").trim().split("\n")

// two ranges for each of the three workers
const rows = 1_200
let folder: string
let database: PostgresServer
let port: number
const running = new Map<string, Array<ChildProcess>>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aelyst-compose-"))
  const people = Array.from({ length: rows }, (_, at) => `Person ${at},person${at}@compose.example`)
  writeFileSync(join(folder, "contacts.csv"), ["First name,Email", ...people, ""].join("\n"))
  database = await startPostgres()
  port = await Ports.own()
})
afterAll(async () => {
  for (const child of [...running.values()].flat()) child.kill("SIGKILL")
  await database?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Puts the variables of `.env` into a text, and names of containers and their ports become those of this machine. */
const here = (text: string): string =>
  text
    .replaceAll(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name, other = "") =>
      name === "POSTGRES_PASSWORD" ? "unused" : other,
    )
    .replace("@postgres/", `@127.0.0.1:${database.port}/`)
    .replace("//sandbox:4242/", `//127.0.0.1:${port}/`)
    .replace("--host 0.0.0.0 --port 4242", `--host 127.0.0.1 --port ${port}`)

const start = ({ environment = {} }: Service, command: string): ChildProcess =>
  // `exec`: a signal reaches the program, as in a container
  spawn("sh", ["-c", `exec ${here(command)}`], {
    cwd: folder,
    env: {
      // the command of this repository
      PATH: [join(root, "apps/docs-test/bin"), dirname(process.execPath), process.env["PATH"]].join(
        delimiter,
      ),
      HOME: folder,
      ...Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, here(text)])),
    },
    stdio: ["ignore", "pipe", "pipe"],
  })

/** Starts what is not running, as many of each as it says. */
const up = (): void => {
  for (const [name, service] of Object.entries(services)) {
    // the database has its own image
    if (service.command === undefined || service.profiles !== undefined) continue
    const alive = (running.get(name) ?? []).filter((one) => one.exitCode === null && !one.killed)
    while (alive.length < (service.deploy?.replicas ?? 1)) {
      const child = start(service, service.command)
      child.stdout?.resume()
      child.stderr?.resume()
      alive.push(child)
    }
    running.set(name, alive)
  }
}

const runOnce = async (name: string, args: string): Promise<string> => {
  const service = services[name] ?? {}
  const child = start(service, `${service.entrypoint} ${args}`)
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
  }
  const [code] = await once(child, "close")
  expect({ code, output }).toMatchObject({ code: 0 })
  return output
}

/** Does what a command of Docker does; returns what it prints. */
const docker = async (command: string): Promise<string> => {
  const killed = /^docker kill aelyst-(\w+)-(\d)$/.exec(command)
  if (killed !== null) {
    expect(running.get(killed[1] ?? "")?.[Number(killed[2]) - 1]?.kill("SIGKILL")).toBe(true)
    return ""
  }
  const [, , verb, , name = "", ...args] = command.split(" ")
  if (verb === "run") return runOnce(name, args.join(" "))
  up()
  return ""
}

const contacts = async (): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${port}/_sandbox/contacts`)
  const { total }: { readonly total: number } = JSON.parse(await response.text())
  return total
}

describe("the five commands of the guide for several machines", () => {
  it("start the worker itself, not npx, which would not pass a signal on to it", () => {
    expect(services["worker"]?.command).toMatch(/^aelyst worker/)
  })

  it("import every contact once, although a worker is killed in between", async () => {
    expect(commands).toHaveLength(5)
    const printed: Array<string> = []
    for (const line of commands) {
      // a person takes some time; here until it is the middle of the import
      if (line.includes(" kill ")) while ((await contacts()) < rows / 4) await sleep(50)
      printed.push(await docker(line))
    }
    expect(printed.join("\n")).toMatch(/r_\w{4}\t\w+\t/)
    expect(printed.at(-1)).toContain(`${rows.toLocaleString("en")} rows = `)
    expect(await contacts()).toBe(rows)
  })
})
