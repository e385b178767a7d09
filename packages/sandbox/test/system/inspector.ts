/** A real Chromium on the inspector of a sandbox. */
import type {
  Browser,
  BrowserContextOptions,
  Page,
} from "../../../../apps/conformance/src/browser/Chromium.ts"
import { Sandbox } from "../../src/index.ts"
import type { SandboxOptions } from "../../src/index.ts"

/** A sandbox and a page with its inspector; both are closed with the block that uses them. */
export interface Stage {
  readonly sandbox: Sandbox
  readonly page: Page
  /** Errors of the page: of its script, or of its content security policy. */
  readonly complaints: ReadonlyArray<string>
  /** The origins that the page has sent requests to. */
  readonly origins: ReadonlySet<string>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts a sandbox and opens its inspector in a new context; resolves once it is live. */
export const stage = async (
  browser: Browser,
  options: SandboxOptions = {},
  contextOptions: BrowserContextOptions = {},
): Promise<Stage> => {
  const sandbox = await Sandbox.start({ limit: 1000, ...options })
  const context = await browser.newContext({
    viewport: { width: 1100, height: 720 },
    permissions: ["clipboard-read", "clipboard-write"],
    ...contextOptions,
  })
  // ends waits that hang, does not judge the speed
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const complaints: Array<string> = []
  const origins = new Set<string>()
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text())
  })
  page.on("request", (request) => origins.add(request.url().split("/_sandbox", 1)[0] ?? ""))
  await page.goto(`${sandbox.origin}/_sandbox`)
  await page.getByText("live", { exact: true }).waitFor()
  return {
    sandbox,
    page,
    complaints,
    origins,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await sandbox.close()
    },
  }
}

/** Copies the open request in a form, and returns the text. */
export const copied = async (page: Page, form: string): Promise<string> => {
  await page.evaluate("navigator.clipboard.writeText('')")
  await Promise.all([
    // it is shown for a moment only
    page.getByText(`Copied as ${form}`).waitFor(),
    page.getByRole("button", { name: `Copy as ${form}` }).click(),
  ])
  // the message may be that of an earlier copy
  let text = ""
  while (text === "") text = await page.evaluate<string>("navigator.clipboard.readText()")
  return text
}
