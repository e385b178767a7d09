/** The sign-up page on its own sandbox, in a real Chromium. */
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"

import type {
  Browser,
  BrowserContextOptions,
  Page,
} from "../../../conformance/src/browser/Chromium.ts"
import { signup } from "../../src/app.ts"

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
