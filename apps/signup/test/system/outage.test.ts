import { Aelyst } from "@aelyst/node"
import { outbox } from "@aelyst/outbox"
import { Sandbox } from "@aelyst/sandbox"
import { mkdtempSync, rmSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"

import type { Browser } from "../../../conformance/src/browser/Chromium.ts"
import { launch, picture, violations } from "../../../conformance/src/browser/Chromium.ts"
import { signup } from "../../src/app.ts"

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser?.close())

const people = ["Ana", "Bo", "Cy"]

it("takes three sign-ups while the API is down, and creates them when it is back", async () => {
  const before = await Sandbox.start()
  const { baseUrl, tokens } = before
  const port = Number(new URL(baseUrl).port)
  const client = new Aelyst({ baseUrl, token: tokens.ok })
  const directory = mkdtempSync(join(tmpdir(), "aelyst-signup-"))
  const box = outbox({ client, file: join(directory, "outbox.db"), log: () => {} })
  const inspector = new URL("/_sandbox", baseUrl).href
  const server = signup({ client, delivery: box, inspector, perMinute: 100 }).listen(0, "127.0.0.1")
  await new Promise<void>((resolve) => server.once("listening", resolve))
  // safe: it listens on a TCP port
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  let after: Sandbox | undefined
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  context.setDefaultTimeout(60_000)
  try {
    await before.close()
    const pages = []
    for (const name of people) {
      const page = await context.newPage()
      await page.goto(url)
      await page.locator("#firstName").fill(name)
      await page.locator("#email").fill(`${name.toLowerCase()}@example.com`)
      const [response] = await Promise.all([
        page.waitForResponse((one) => one.request().method() === "POST"),
        page.getByRole("button", { name: "Sign up" }).click(),
      ])
      expect(response.status()).toBe(202)
      await page.waitForURL("**/thanks/*")
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Thank you")
      expect(await page.getByRole("status").textContent()).toMatch(/^We have your details, and/)
      expect(await violations(page)).toEqual([])
      pages.push(page)
    }
    await pages[0]?.bringToFront()
    if (pages[0] !== undefined) await picture(pages[0], "accepted")
    expect(await box.stats()).toMatchObject({ pending: 3 })

    after = await Sandbox.start({ port })
    for (const page of pages) {
      await page.bringToFront()
      await page.getByRole("heading", { level: 1, name: "You are signed up" }).waitFor()
    }
    expect(
      after
        .contacts()
        .map(({ firstName }) => firstName)
        .toSorted(),
    ).toEqual(people)
    expect(after.ledger().map(({ created, posts }) => [created, posts])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ])

    const seen = await context.newPage()
    await seen.goto(inspector)
    await expect.poll(() => seen.locator(".row .status.ok").count(), { timeout: 60_000 }).toBe(3)
    await picture(seen, "outage-inspector")
  } finally {
    await context.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await box.close({ timeoutMs: 100 })
    await client.close({ timeoutMs: 100 })
    await after?.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
