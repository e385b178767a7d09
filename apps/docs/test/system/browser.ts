/** A real Chromium on the built site. */
import type { AddressInfo } from "node:net"

import type { BrowserContextOptions, Page } from "../../../conformance/src/browser/Chromium.ts"
import { launch } from "../../../conformance/src/browser/Chromium.ts"
import { build } from "../../src/Build.ts"
import { serve } from "../../src/Server.ts"

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

/** Starts Chromium, and builds and serves the site. */
export const stage = async (): Promise<Stage> => {
  const browser = await launch()
  await build()
  const server = await serve(0)
  // safe: it listens on a TCP port
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
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
