/** A real Chromium on the built site. */
import { existsSync, mkdirSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import axe from "axe-core"
import { chromium } from "playwright-core"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"

import { build } from "../../src/Build.ts"
import { serve } from "../../src/Server.ts"

const paths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]
const executablePath = process.env["CHROMIUM_PATH"] ?? paths.find((path) => existsSync(path))
const screenshots = fileURLToPath(new URL("../../.vitest/screenshots/", import.meta.url))

/** The built site on this machine, and a browser. */
export interface Stage {
  readonly origin: string
  /** Every URL that a page has requested. */
  readonly requested: ReadonlyArray<string>
  /** Errors of the pages' scripts. */
  readonly complaints: ReadonlyArray<string>
  /** Opens a page of the site in a new browser context. */
  readonly open: (path: string, options?: BrowserContextOptions) => Promise<Page>
  readonly close: () => Promise<void>
}

/** Builds the site, serves it and starts Chromium; says what to do if there is none. */
export const stage = async (): Promise<Stage> => {
  if (executablePath === undefined || !existsSync(executablePath)) {
    throw new Error(
      `These tests need Chromium, but it was not found at ${executablePath ?? paths.join(", ")}: install it (apt-get install chromium), or set CHROMIUM_PATH`,
    )
  }
  mkdirSync(screenshots, { recursive: true })
  await build()
  const server = await serve(0)
  // safe: it listens on a TCP port
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  const requested: Array<string> = []
  const complaints: Array<string> = []
  return {
    origin,
    requested,
    complaints,
    open: async (path, options = {}) => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        ...options,
      })
      const page = await context.newPage()
      page.on("request", (request) => requested.push(request.url()))
      page.on("pageerror", (error) => complaints.push(`${path}: ${error.message}`))
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`${path}: ${message.text()}`)
      })
      await page.goto(`${origin}/${path}`)
      return page
    },
    close: async () => {
      await browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Lists the violations that axe-core finds on a page. */
export const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  return page.evaluate(`
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" ")))
  `)
}

/** Saves a screenshot of the visible part for people to look at. */
export const picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: `${screenshots}${name}.png` })
}
