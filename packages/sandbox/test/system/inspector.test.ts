import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import { Sandbox } from "../../src/index.ts"
import { create } from "../client.ts"
import type { Browser, Page } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { launch } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { copied, stage } from "./inspector.ts"

const rows = (page: Page) => page.getByRole("option")
const selected = (page: Page) => page.locator('[role="option"][aria-selected="true"]')
const saved = async (page: Page, button: string): Promise<string> => {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ])
  return readFile(await download.path(), "utf8")
}

describe("the inspector in Chromium", { timeout: 180_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  it("shows a create without a reload, with status, identifier, attempt and latency", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "email:ana@example.com")
    await rows(page).filter({ hasText: " ms" }).first().waitFor()
    assert.match(
      await rows(page).first().innerText(),
      /^200\s+email:ana@example\.com\s+\d+ ms\s+[\d:.]+\s+created$/,
    )
    await create(sandbox, "email:ana@example.com")
    await rows(page).filter({ hasText: " ms" }).nth(1).waitFor()
    assert.match(
      await rows(page).first().innerText(),
      /^400\s+email:ana@example\.com\s+\d+ ms\s+[\d:.]+\s+existed\s+#2$/,
    )
    assert.deepStrictEqual(on.complaints, [])
    assert.deepStrictEqual([...on.origins], [sandbox.origin])
  })

  it("shows request, response and issues as text, never as markup", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    const evil = '<img src=x onerror="document.title=1">'
    await create(sandbox, "id:1", { firstName: evil, email: "ana@" })
    await rows(page).first().click()
    const detail = page.getByRole("region", { name: "Selected request" })
    await detail.getByRole("heading", { name: "Issues" }).waitFor()
    const text = await detail.innerText()
    assert.include(text, "POST /v1/contact/id:1")
    assert.include(text, "document.title=1")
    assert.include(text, '"message": "Validation error."')
    assert.match(text, /email: .+ \(EMAIL_INVALID\)/)
    assert.notInclude(text, "sandbox_ok\n\n")
    assert.strictEqual(await page.locator("img").count(), 0)
    assert.strictEqual(await page.title(), "Aelyst sandbox")
    assert.deepStrictEqual(on.complaints, [])
  })

  it("moves the gauge and the strip during a burst of 429s", async () => {
    await using on = await stage(browser, { limit: 5, windowMs: 60_000, limiter: "sliding-log" })
    const { page, sandbox } = on
    const gauge = page.getByRole("meter")
    await create(sandbox, "id:0")
    await page.locator('[role="meter"][aria-valuenow="4"][aria-valuemax="5"]').waitFor()
    for (let n = 1; n < 25; n++) await create(sandbox, `id:${n}`)
    await page.locator('[role="meter"][aria-valuenow="0"]').waitFor()
    assert.include(await gauge.getAttribute("class"), "empty")
    const strip = page.getByRole("img", { name: /^Last 60 seconds: 5 2xx, 0 4xx, 20 429/ })
    await strip.waitFor()
    assert.isAbove(await strip.locator("rect.rate-limited").count(), 0)
    assert.include(await page.locator("header").innerText(), "0 of 5 left per 60 s")
  })

  it("turns faults on and off, and adds a rule", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await page.getByRole("tab", { name: "Faults" }).click()
    const fault = page.getByRole("switch", { name: "500 500, the contact not created" })
    await fault.click()
    await page.locator('#fault-500[aria-checked="true"]').waitFor()
    assert.strictEqual((await create(sandbox, "id:1")).status, 500)
    await page.locator("#active").getByText("all · 1 hit").waitFor()
    await fault.click()
    await page.locator('#fault-500[aria-checked="false"]').waitFor()
    assert.strictEqual((await create(sandbox, "id:1")).status, 200)
    await page.getByLabel("Preset").fill("429-7s")
    await page.getByLabel("Identifier", { exact: true }).fill("id:2")
    await page.getByLabel("Times").fill("1")
    await page.getByRole("button", { name: "Add" }).click()
    await page.locator("#active").getByText("id:2 · 1 left · 0 hits").waitFor()
    assert.strictEqual((await create(sandbox, "id:2")).headers["retry-after"], "7")
    await page.getByRole("button", { name: "Remove the fault 429-7s" }).click()
    await sandbox.waitFor(({ faults }) => faults.call(sandbox).length === 0)
    await page.getByLabel("Preset").fill("teapot")
    await page.getByRole("button", { name: "Add" }).click()
    await page.getByText('unknown preset "teapot": expected a status').waitFor()
  })

  it("finds contacts, shows them being processed, and exports them", async () => {
    await using on = await stage(browser, { processingDelayMs: 60_000 })
    const { page, sandbox } = on
    const contact = {
      firstName: "=HYPERLINK(1)",
      phone: "+60123456789",
      custom_fields: [{ name: "@note", value: ' "-2+3' }],
    }
    await create(sandbox, "id:1", contact)
    await create(sandbox, "email:bo@example.com", { firstName: 'Bo, "B"' })
    await page.getByRole("tab", { name: "Contacts" }).click()
    await page.getByText("2 found").waitFor()
    assert.include(await page.locator("#rows").innerText(), "processing")
    const csv = await saved(page, "Export CSV")
    assert.deepStrictEqual(csv.split("\r\n"), [
      `id,identifier,firstName,lastName,phone,email,language,profilePic,countryCode,phase,"'@note"`,
      `1,id:1,"'=HYPERLINK(1)",,"'+60123456789",,,,,processing,"' ""-2+3"`,
      `2,email:bo@example.com,"Bo, ""B""",,,,,,,processing,`,
      "",
    ])
    await page.getByLabel("Search contacts").fill("BO@")
    await page.getByText("1 found").waitFor()
    const exported: unknown = JSON.parse(await saved(page, "Export JSON"))
    assert.deepStrictEqual(exported, sandbox.contacts("bo@"))
  })

  it("shows a contact as ready once the virtual clock has passed its processing time", async () => {
    await using on = await stage(browser, { processingDelayMs: 2000, clock: "virtual" })
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await page.getByRole("tab", { name: "Contacts" }).click()
    await page.locator("summary").getByText("processing").waitFor()
    await sandbox.advance(2000)
    await page.locator("summary").getByText("ready").waitFor()
    assert.strictEqual(await page.locator("summary").getByText("processing").count(), 0)
  })

  it("works with only the keyboard", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    for (const id of ["id:1", "id:2", "id:3"]) await create(sandbox, id)
    await page.locator("[role=option]").nth(2).waitFor()
    const at = async (key: string, name: string) => {
      await page.keyboard.press(key)
      assert.include(await selected(page).innerText(), name)
    }
    await page.locator('[role="option"][aria-selected="true"]', { hasText: "id:3" }).waitFor()
    await at("j", "id:2")
    await at("j", "id:1")
    await at("j", "id:1")
    await at("k", "id:2")
    await page.getByRole("listbox").focus()
    await at("ArrowUp", "id:3")
    await page.keyboard.press("3")
    assert.isTrue(await page.getByRole("tabpanel", { name: "Faults" }).isVisible())
    await page.keyboard.press("/")
    await page.keyboard.type("jk2")
    assert.strictEqual(await page.getByLabel("Search contacts").inputValue(), "jk2")
    assert.isTrue(await page.getByRole("tabpanel", { name: "Contacts" }).isVisible())
    await page.getByRole("tab", { name: "Contacts" }).focus()
    await page.keyboard.press("ArrowRight")
    assert.isTrue(await page.getByRole("tabpanel", { name: "Faults" }).isVisible())
  })

  it("pauses, resumes, and resets", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await rows(page).first().waitFor()
    await page.keyboard.press("p")
    await create(sandbox, "id:2")
    await page.getByRole("button", { name: "Resume (1 new)" }).waitFor()
    assert.strictEqual(await rows(page).count(), 1)
    await page.getByRole("button", { name: "Resume" }).click()
    await page.getByRole("option", { name: "id:2" }).waitFor()
    await page.getByRole("button", { name: "Reset" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click()
    await page.getByRole("heading", { name: "No requests yet" }).waitFor()
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it("copies a request as curl that creates the same contact", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "email:o'neil@example.com", { firstName: "O'Neil $(id)" })
    await page.keyboard.press("j")
    await rows(page).first().click()
    const [before] = sandbox.contacts()
    const curl = await copied(page, "curl")
    sandbox.reset()
    await promisify(execFile)("bash", ["-c", `${curl} --silent --fail`])
    assert.strictEqual(sandbox.contacts()[0]?.firstName, before?.firstName)
    assert.strictEqual(sandbox.contacts()[0]?.identifier, before?.identifier)
  })

  it("copies a request for the command and as a test", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "id:1", { firstName: "O'Neil" })
    await rows(page).first().click()
    assert.include(
      await copied(page, "CLI"),
      `aelyst create 'id:1' --data '{"firstName":"O'\\''Neil"}'`,
    )
    assert.include(
      await copied(page, "SDK"),
      "await aelyst.contacts.tryCreate(identifier, contact)",
    )
  })

  it("changes settings, and explains an invalid one", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await page.getByRole("tab", { name: "Settings" }).click()
    await page.getByLabel("Existing contacts").selectOption("merge")
    await sandbox.waitFor(({ settings }) => settings.existing === "merge")
    await page.getByLabel("Requests per window").fill("-1")
    await page.keyboard.press("Tab")
    await page.getByText("Requests per window must be an integer between 0 and").waitFor()
    assert.strictEqual(sandbox.settings.limit, 1000)
  })

  it("shows earlier requests when it is opened later, and reconnects after a restart", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    const port = Number(new URL(sandbox.origin).port)
    await create(sandbox, "id:1")
    await page.reload()
    await page.getByRole("option", { name: "id:1" }).waitFor()
    await sandbox.close()
    await page.getByText("disconnected, reconnecting").waitFor()
    await using again = await Sandbox.start({ port })
    await page.getByText("live", { exact: true }).waitFor()
    await create(again, "id:9")
    await page.getByRole("option", { name: "id:9" }).waitFor()
    assert.strictEqual(await rows(page).count(), 1)
  })

  it("keeps a response received while the requests are loaded", async () => {
    await using on = await stage(browser, { clock: "virtual", latencyMs: 1000 })
    const { page, sandbox } = on
    const sent = create(sandbox, "id:1")
    await page.getByRole("option", { name: "… id:1" }).waitFor()
    await page.route("**/_sandbox/requests*", async (route) => {
      const stale = await route.fetch()
      await sandbox.advance(1000)
      await sent
      await page.getByRole("option", { name: "200 id:1" }).waitFor()
      await route.fulfill({ response: stale })
    })
    await Promise.all([
      page.waitForResponse(/_sandbox\/requests/),
      fetch(`${sandbox.origin}/_sandbox/contacts?query=id:none`, { method: "DELETE" }),
    ])
    await page.keyboard.press("k")
    await page.getByRole("option", { name: "200 id:1" }).waitFor()
    assert.strictEqual(await page.getByRole("option", { name: "… id:1" }).count(), 0)
  })

  it("shows only the newest of thousands of requests", async () => {
    await using on = await stage(browser, { limit: 1_000_000 })
    const { page, sandbox } = on
    for (let n = 0; n < 1500; n++) {
      await sandbox.handler(
        new Request(`${sandbox.baseUrl}/contact/id:${n}`, {
          method: "POST",
          headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
          body: '{"firstName":"Ana"}',
        }),
      )
    }
    await page.getByRole("option", { name: "id:1499" }).waitFor()
    assert.strictEqual(await rows(page).count(), 300)
    assert.include(await page.getByRole("tab", { name: "Requests" }).innerText(), "1500")
  })
})
