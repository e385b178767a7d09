import { afterAll, beforeAll, describe, expect, it } from "vitest"

import type { Browser, Page } from "../../../conformance/src/browser/Chromium.ts"
import { launch, picture, violations } from "../../../conformance/src/browser/Chromium.ts"
import { stage } from "./browser.ts"

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser?.close())

const fill = async (page: Page, values: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, value] of Object.entries(values)) await page.locator(`#${name}`).fill(value)
}
const send = (page: Page) => page.getByRole("button", { name: "Sign up" }).click()
const focused = (page: Page) => page.evaluate<string>("document.activeElement?.id ?? ''")
const posts = (sandbox: { readonly requests: () => ReadonlyArray<unknown> }) =>
  sandbox.requests().length

const ana = { firstName: "Ana", lastName: "Ng", email: "ana@example.com", phone: "+60 12-345 6789" }

describe("the sign-up page", { timeout: 180_000 }, () => {
  it("creates the contact and thanks the visitor", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    expect(await violations(page)).toEqual([])
    await picture(page, "empty")
    await fill(page, ana)
    await picture(page, "filled")
    await send(page)
    await page.waitForURL("**/thanks")
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("You are signed up")
    expect(await focused(page)).toBe("thanks")
    expect(await violations(page)).toEqual([])
    await picture(page, "thanks")
    expect(on.sandbox.contacts()).toMatchObject([
      {
        identifier: "email:ana@example.com",
        firstName: "Ana",
        lastName: "Ng",
        email: "ana@example.com",
        phone: "+60123456789",
      },
    ])
    expect(on.sandbox.ledger()).toMatchObject([{ posts: 1, created: 1 }])
  })

  it("shows the errors at the fields, keeps what was typed, and sends nothing", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    await fill(page, { firstName: " ", email: "ana@", phone: "0123" })
    await send(page)
    await page.getByRole("alert").waitFor()
    expect(await page.locator("#firstName-error").textContent()).toBe("Enter your first name")
    expect(await page.locator("#email-error").textContent()).toMatch(/^Enter an email address/)
    expect(await page.locator("#phone-error").textContent()).toMatch(/^Enter a phone number/)
    expect(await page.locator("#lastName-error").isVisible()).toBe(false)
    expect(await page.locator("#email").getAttribute("aria-invalid")).toBe("true")
    expect(await page.locator("#email").getAttribute("aria-describedby")).toBe(
      "email-hint email-error",
    )
    expect(await page.locator("#email").inputValue()).toBe("ana@")
    expect(await focused(page)).toBe("summary")
    expect(await page.title()).toBe("Error: Sign up")
    expect(await violations(page)).toEqual([])
    await picture(page, "invalid")
    expect(posts(on.sandbox)).toBe(0)

    await page.getByRole("alert").getByRole("link", { name: "Enter an email address" }).click()
    expect(await focused(page)).toBe("email")
    await fill(page, ana)
    await send(page)
    await page.waitForURL("**/thanks")
    expect(on.sandbox.contacts()).toHaveLength(1)
  })

  it("asks for an email address or a phone number if both are missing", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    await fill(page, { firstName: "Ana" })
    await send(page)
    await page.getByRole("alert").waitFor()
    expect(await page.locator("#email-error").textContent()).toBe(
      "Enter your email address or your phone number",
    )
    expect(posts(on.sandbox)).toBe(0)
  })

  it("says when to try again during a run of 429s, counts down, and sends nothing meanwhile", async () => {
    // between two windows: a request that leaves with its deadline ends in doubt, which gets another response
    await using on = await stage(browser, 2_700)
    on.sandbox.fail({ status: 429, retryAfter: 4.2 })
    const page = await on.open()
    // the page's clock is paused until the test advances it
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(1_000)
    await fill(page, ana)
    await send(page)
    await page.getByText("Try again in 5 seconds.").waitFor()
    await picture(page, "storm")
    const before = posts(on.sandbox)
    await page.getByRole("button").click({ force: true })
    await page.clock.runFor(2_000)
    await page.getByText("Try again in 3 seconds.").waitFor()
    expect(posts(on.sandbox)).toBe(before)
    await page.clock.runFor(3_000)
    await page.locator("#again", { hasText: "You can try again now." }).waitFor()
    expect(await page.getByRole("status").textContent()).toBe("You can try again now.")

    const storm = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        fetch(on.url, {
          method: "POST",
          headers: { accept: "application/json" },
          body: new URLSearchParams({ firstName: "Bo", email: `bo${index}@example.com` }),
        }),
      ),
    )
    expect(new Set(storm.map((response) => response.status))).toEqual(new Set([503]))
    for (const response of storm)
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1)
    expect(on.sandbox.contacts()).toEqual([])

    on.sandbox.reset()
    await send(page)
    await page.waitForURL("**/thanks")
    expect(on.sandbox.contacts()).toHaveLength(1)
  })

  it("passes axe-core during the countdown", async () => {
    await using on = await stage(browser)
    on.sandbox.fail({ status: 429, retryAfter: 60 })
    const page = await on.open()
    await fill(page, ana)
    await send(page)
    await page.getByText(/Try again in \d+ seconds\./).waitFor()
    expect(await violations(page)).toEqual([])
  })

  it("says that the API is down, and keeps what was typed", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    await on.sandbox.close()
    await fill(page, ana)
    await send(page)
    await page.getByText("This service is not available at the moment.").waitFor()
    expect(await page.locator("#email").inputValue()).toBe(ana.email)
    expect(await violations(page)).toEqual([])
    await picture(page, "api-down")
  })

  it("says that its own server is down, and keeps what was typed", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    on.server.closeAllConnections()
    await new Promise((resolve) => on.server.close(resolve))
    await fill(page, ana)
    await send(page)
    await page.getByText("The server could not be reached.").waitFor()
    expect(await page.locator("#email").inputValue()).toBe(ana.email)
    expect(await violations(page)).toEqual([])
    await picture(page, "server-down")
    expect(posts(on.sandbox)).toBe(0)
  })

  it("works with the keyboard only", async () => {
    await using on = await stage(browser)
    const page = await on.open()
    const order: Array<string> = []
    for (let stop = 0; stop < 5; stop++) {
      await page.keyboard.press("Tab")
      order.push((await focused(page)) || "button")
    }
    expect(order).toEqual(["firstName", "lastName", "email", "phone", "button"])
    await page.keyboard.press("Enter")
    await page.getByRole("alert").waitFor()
    expect(await focused(page)).toBe("summary")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    expect(await focused(page)).toBe("firstName")
    await page.keyboard.type("Ana")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("ana@example.com")
    await picture(page, "keyboard")
    await page.keyboard.press("Enter")
    await page.waitForURL("**/thanks")
    expect(on.sandbox.contacts()).toMatchObject([
      { identifier: "email:ana@example.com", firstName: "Ana" },
    ])
  })

  it("passes axe-core in the dark and on a narrow screen", async () => {
    await using on = await stage(browser)
    const page = await on.open({ colorScheme: "dark", viewport: { width: 320, height: 640 } })
    await send(page)
    await page.getByRole("alert").waitFor()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth")).toBe(
      true,
    )
    await picture(page, "dark-narrow")
  })

  it("escapes markup in a name", async () => {
    await using on = await stage(browser)
    const page = await on.open({ javaScriptEnabled: false })
    await fill(page, { firstName: '"><b id="injected">x</b>', email: "ana@" })
    await send(page)
    await page.getByRole("alert").waitFor()
    expect(await page.locator("#injected").count()).toBe(0)
    expect(await page.locator("#firstName").inputValue()).toBe('"><b id="injected">x</b>')
  })
})

describe("the sign-up page without JavaScript", { timeout: 180_000 }, () => {
  const off = { javaScriptEnabled: false }

  it("creates the contact and thanks the visitor", async () => {
    await using on = await stage(browser)
    const page = await on.open(off)
    await fill(page, ana)
    await send(page)
    await page.waitForURL("**/thanks")
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("You are signed up")
    expect(on.sandbox.contacts()).toMatchObject([{ identifier: "email:ana@example.com" }])
  })

  it("shows the errors at the fields and keeps what was typed", async () => {
    await using on = await stage(browser)
    const page = await on.open(off)
    await fill(page, { firstName: "Ana", email: "ana@", phone: "+60123456789" })
    const [response] = await Promise.all([page.waitForResponse(on.url), send(page)])
    expect(response.status()).toBe(422)
    expect(await page.locator("#email-error").textContent()).toMatch(/^Enter an email address/)
    expect(await page.locator("#phone-error").isVisible()).toBe(false)
    expect(await page.locator("#phone").inputValue()).toBe("+60123456789")
    expect(await page.title()).toBe("Error: Sign up")
    await picture(page, "no-script-invalid")
    expect(posts(on.sandbox)).toBe(0)
  })

  it("says when to try again", async () => {
    await using on = await stage(browser)
    on.sandbox.fail({ status: 429, retryAfter: 4.2 })
    const page = await on.open(off)
    await fill(page, ana)
    const [response] = await Promise.all([page.waitForResponse(on.url), send(page)])
    expect(response.status()).toBe(503)
    expect(response.headers()["retry-after"]).toBe("5")
    expect(await page.locator("#again").textContent()).toBe("Try again in 5 seconds.")
    expect(await page.locator("#email").inputValue()).toBe(ana.email)
    await picture(page, "no-script-storm")
  })
})
