/** A real Chromium for the tests of pages: how it is found and started, what axe-core finds, and pictures for people to look at. */
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"

import axe from "axe-core"
import type { Browser, Page } from "playwright-core"
import { chromium } from "playwright-core"

export type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core"

const paths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
]
const executablePath = process.env["CHROMIUM_PATH"] ?? paths.find((path) => existsSync(path))

/** Starts Chromium; if there is none, the error says what to do. */
export const launch = async (): Promise<Browser> => {
  if (executablePath === undefined || !existsSync(executablePath)) {
    throw new Error(
      `These tests need Chromium, but it was not found at ${executablePath ?? paths.join(", ")}: install it (apt-get install chromium), or set CHROMIUM_PATH`,
    )
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox"] })
}

/** Lists the violations that axe-core finds on a page, as short lines. */
export const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  // evaluated past the page's policy, which may allow no other script
  await page.evaluate(axe.source)
  return page.evaluate(`
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).join(" ")))
  `)
}

/** Saves a screenshot of the visible part below `.vitest/screenshots` of the package whose tests run. */
export const picture = async (page: Page, name: string): Promise<void> => {
  const folder = join(process.cwd(), ".vitest/screenshots")
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
