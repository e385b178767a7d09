import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { spawn } from "node:child_process"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

import { signup } from "../src/app.ts"

const start = async (perMinute: number) => {
  const sandbox = await Sandbox.start()
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  const inspector = new URL("/_sandbox", sandbox.baseUrl).href
  const server = signup({ client, inspector, perMinute }).listen(0, "127.0.0.1")
  await new Promise<void>((resolve) => server.once("listening", resolve))
  // safe: it listens on a TCP port
  const { port } = server.address() as AddressInfo
  return {
    sandbox,
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await client.close({ timeoutMs: 100 })
      await sandbox.close()
    },
  }
}

const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { accept: "application/json", ...headers },
  })

it("thanks a bot that fills in the hidden field, and sends nothing", async () => {
  await using on = await start(10)
  const person = await post(on.url, {
    firstName: "Ana",
    email: "ana@example.com",
    favourite_colour: "",
  })
  const bot = await post(on.url, {
    firstName: "Bot",
    email: "bot@example.com",
    favourite_colour: "x",
  })
  expect([bot.status, await bot.text()]).toEqual([person.status, await person.text()])
  expect(on.sandbox.contacts()).toMatchObject([{ identifier: "email:ana@example.com" }])
  expect(on.sandbox.requests()).toHaveLength(1)
})

it("rejects a form that a page of another origin sent", async () => {
  await using on = await start(10)
  const form = { firstName: "Ana", email: "ana@example.com" }
  const foreign = await post(on.url, form, { origin: "https://evil.example" })
  expect(foreign.status).toBe(403)
  const own = await post(on.url, form, { origin: new URL(on.url).origin })
  expect(own.status).toBe(201)
  expect(on.sandbox.requests()).toHaveLength(1)
})

it("tells a visitor with too many attempts when to try again", async () => {
  await using on = await start(1)
  await post(on.url, { firstName: "Ana", email: "ana@example.com" })
  const again = await post(on.url, { firstName: "Bo", email: "bo@example.com" })
  expect(again.status).toBe(429)
  expect(Number(again.headers.get("retry-after"))).toBeGreaterThan(0)
  expect(await again.json()).toMatchObject({ message: "Too many attempts." })
  expect(on.sandbox.requests()).toHaveLength(1)
})

it("starts with one command, serves the page and stops", async () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, PORT: "0", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve))
  const url = await new Promise<string>((resolve, reject) => {
    let output = ""
    child.once("exit", () => reject(new Error(`it ended: ${output}`)))
    child.stdout.on("data", (data) => {
      output += String(data)
      const found = /http:\/\/127\.0\.0\.1:\d+\/(?=\n)/.exec(output)
      if (found !== null) resolve(found[0])
    })
  })
  const page = await fetch(url)
  expect(page.status).toBe(200)
  const html = await page.text()
  expect(html).toContain("<h1>Sign up</h1>")
  const created = await post(url, { firstName: "Ana", email: "ana@example.com" })
  expect(created.status).toBe(202)
  const inspector = /href="(http:[^"]+\/_sandbox)"/.exec(html)?.[1] ?? ""
  expect((await fetch(inspector)).status).toBe(200)
  const contacts = async () => (await fetch(`${inspector}/contacts`)).json()
  await expect.poll(contacts, { timeout: 60_000 }).toMatchObject({ total: 1 })
  child.kill("SIGTERM")
  expect(await ended).toBe(0)
})
