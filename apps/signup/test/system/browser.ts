/** A real Chromium, and the sign-up page on its own sandbox. */
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import axe from "axe-core"
import { existsSync, mkdirSync } from "node:fs"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"

import { signup } from "../../src/app.ts"

const paths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]
const executablePath = process.env["CHROMIUM_PATH"] ?? paths.find((path) => existsSync(path))
const screenshots = fileURLToPath(new URL("../../.vitest/screenshots/", import.meta.url))

/** Starts Chromium; says what to do if there is none. */
export const launch = async (): Promise<Browser> => {
  if (executablePath === undefined || !existsSync(executablePath)) {
    throw new Error(
      `These tests need Chromium, but it was not found at ${executablePath ?? paths.join(", ")}: install it (apt-get install chromium), or set CHROMIUM_PATH`,
    )
  }
  mkdirSync(screenshots, { recursive: true })
  return chromium.launch({ executablePath, args: ["--no-sandbox"] })
}

export interface Stage {
  readonly sandbox: Sandbox
  readonly server: Server
  readonly url: string
  /** Opens a page in a new browser context. */
  readonly open: (options?: BrowserContextOptions) => Promise<Page>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts a sandbox and the page on it, with a client of this deadline. */
export const stage = async (browser: Browser, deadlineMs = 20_000): Promise<Stage> => {
  const sandbox = await Sandbox.start()
  const client = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    retries: 1,
    maxWaitMs: 500,
    deadlineMs,
  })
  const inspector = new URL("/_sandbox", sandbox.baseUrl).href
  const server = signup({ client, inspector, perMinute: 100 }).listen(0, "127.0.0.1")
  await new Promise<void>((resolve) => server.once("listening", resolve))
  // safe: it listens on a TCP port
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const pages: Array<Page> = []
  return {
    sandbox,
    server,
    url,
    open: async (options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 800, height: 1000 },
        ...options,
      })
      // ends waits that hang, does not judge the speed
      context.setDefaultTimeout(60_000)
      const page = await context.newPage()
      pages.push(page)
      await page.goto(url)
      return page
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(pages.map((page) => page.context().close()))
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await client.close({ timeoutMs: 100 })
      await sandbox.close()
    },
  }
}

/** Lists the violations that axe-core finds on a page. */
export const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  return page.evaluate(`
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))
  `)
}

/** Saves a screenshot for people to look at. */
export const picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true })
}
