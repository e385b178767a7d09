/** Holds what `docs/testing.md` and the root README say outside of their blocks. */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { Agent } from "undici"
import { expect, it, vi } from "vitest"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const run = promisify(execFile)
const testing = readFileSync(join(root, "docs/testing.md"), "utf8")

const text = (pattern: RegExp) => pattern.exec(testing)?.[1] ?? ""

const settings = {
  ...process.env,
  NODE_OPTIONS: "",
  NO_COLOR: "1",
  PATH: [fileURLToPath(new URL("../bin", import.meta.url)), process.env["PATH"]].join(delimiter),
}

it("U32: runs the command from the clone, as the first screen of the README says", async () => {
  const screen = readFileSync(join(root, "README.md"), "utf8").split("\n").slice(0, 30).join("\n")
  expect(screen).toContain("$ npm start")
  expect(screen).toContain("$ npm test")
  const command = /\$ (npm run aelyst -- create [^#\n]*)/.exec(screen)?.[1] ?? ""
  const { stdout } = await run("bash", ["-c", command.replace("npm run", "npm run --silent")], {
    cwd: root,
    env: settings,
  })
  expect(stdout).toContain("created\temail:ana@example.com")
})

it("R12: the default client does not use the global fetch, one with a transport does", async () => {
  await using sandbox = await Sandbox.start()
  const mocked = vi
    .spyOn(globalThis, "fetch")
    .mockImplementation(async () => Response.json({ code: "200", message: "mocked" }))
  try {
    const options = { baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok }
    const plain = new Aelyst(options)
    await plain.contacts.create("id:1", { firstName: "Ana" })
    expect(mocked).not.toHaveBeenCalled()
    const seen = new Aelyst({ ...options, transport: (url, init) => fetch(url, init) })
    expect((await seen.contacts.create("id:2", { firstName: "Bo" })).message).toBe("mocked")
    expect(sandbox.requests()).toHaveLength(1)
    await Promise.all([plain.close(), seen.close()])
  } finally {
    mocked.mockRestore()
  }
})

it("R21, U35: the services of the compose file reach each other by their names", async () => {
  const command = text(/command: (npx .*)/)
  const [, port] = command.split("--port ")
  const url = new URL(text(/AELYST_BASE_URL: (.*)/))
  const service = new RegExp(`^  ${url.hostname}:\n(?:    .*\n)*?    command: (.*)`, "m")
  expect([text(service), url.port]).toEqual([command, port])
  // any free port instead: this machine may use that one
  const sandbox = spawn("bash", ["-c", `exec ${command.replace(`--port ${port}`, "--port 0")}`], {
    env: settings,
    stdio: ["ignore", "inherit", "pipe"],
  })
  try {
    let printed = ""
    while (!/http:\/\/127\.0\.0\.1:\d+\/v1/.test(printed))
      printed += String((await once(sandbox.stderr, "data"))[0])
    const [local = ""] = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(printed) ?? []
    url.port = new URL(local).port
    // resolves the name of the service as the network of the containers does
    const network = new Agent({
      connect: {
        lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      },
    })
    const token = text(/AELYST_TOKEN: (.*)/)
    const aelyst = new Aelyst({ baseUrl: url.href, token, transport: network })
    expect((await aelyst.contacts.create("id:1", { firstName: "Ana" })).result).toBe("created")
    await aelyst.close()
    await network.close()
    expect(() => new Aelyst({ baseUrl: url.href, token: "token-of-an-account" })).toThrow(
      "https://",
    )
  } finally {
    sandbox.kill()
  }
})
