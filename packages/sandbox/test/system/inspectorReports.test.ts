/** The reports about the inspector that docs/field-reports.md lists, E1 to E14, in Chromium. */
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

import type { Sandbox } from "../../src/index.ts"
import { call, create } from "../client.ts"
import type { Browser, Locator, Page } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { launch, violations } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { copied, stage } from "./inspector.ts"

const run = promisify(execFile)
const widths = [400, 768, 1280, 1920]
const rows = (page: Page) => page.getByRole("option")
const detail = (page: Page) => page.getByRole("region", { name: "Selected request" })
const longName = "Wolfeschlegelsteinhausenbergerdorff".repeat(4)
const arabic = "مريم عبد الرحمن"
const person = {
  firstName: arabic,
  lastName: longName,
  email: "ana@example.com",
  phone: "+60123456789",
  language: "ar",
  countryCode: "MY",
  profilePic: "https://example.com/ana.png",
  custom_fields: [
    { name: "Tier", value: "Gold" },
    { name: "Company Website".repeat(4), value: `https://example.com/${"a".repeat(200)}` },
  ],
}

/** Whether the page is wider than its window. */
const isTooWide = (page: Page) =>
  page.evaluate<boolean>("document.documentElement.scrollWidth > innerWidth")

/** Sends creates without waiting for the page. */
const send = async (sandbox: Sandbox, count: number, body = '{"firstName":"Ana"}') => {
  for (let n = 0; n < count; n++) {
    await sandbox.handler(
      new Request(`${sandbox.baseUrl}/contact/id:${n}`, {
        method: "POST",
        headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
        body,
      }),
    )
    // lets the stream of events be written
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The sum of the differences of the three channels of two colours. */
const distance = (one: string, other: string): number => {
  const [a = [], b = []] = [one, other].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  return a.reduce((sum, channel, at) => sum + Math.abs(channel - (b[at] ?? 0)), 0)
}

const boxOf = async (locator: Locator) => {
  const box = await locator.boundingBox()
  assert.isNotNull(box)
  return box
}

/** How many lines the visible children of an element take. */
const rowCount = async (parent: Locator): Promise<number> => {
  const bottoms: Array<number> = []
  for (const child of await parent.locator("> *").all()) {
    if (!(await child.isVisible())) continue
    const { height, y } = await boxOf(child)
    // a child belongs to a line if its middle is above the bottom of that line
    if (
      !bottoms.some(
        (bottom, at) =>
          y + height / 2 < bottom && (at === 0 || y > (bottoms[at - 1] ?? 0) - height),
      )
    )
      bottoms.push(y + height)
  }
  return bottoms.length
}

describe("the inspector", { timeout: 180_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())

  it.each(widths)("E1 shows long names and those in Arabic whole, %i px wide", async (width) => {
    await using on = await stage(browser, {}, { viewport: { width, height: 800 } })
    const { page, sandbox } = on
    await create(sandbox, "email:ana@example.com", person)
    await page.getByRole("tab", { name: "Contacts" }).click()
    const phase = page.locator("summary").getByText("ready")
    await phase.waitFor()
    const { height, width: wide } = await boxOf(phase)
    assert.isBelow(height, 30, "one line")
    assert.isAbove(wide, height, "letters are next to each other")
    const name = page.locator("summary").getByText(longName)
    assert.strictEqual(await name.getAttribute("dir"), "auto")
    assert.isAtLeast((await boxOf(name)).width, 200)
    assert.isFalse(await isTooWide(page))
    await page.locator("summary").click()
    assert.isFalse(await isTooWide(page))
  })

  it("E2 asks before a reset, and undoes it once", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await create(sandbox, "id:2")
    sandbox.fail({ preset: "429", match: { identifier: "id:9" } })
    await rows(page).nth(1).waitFor()
    const before = [sandbox.contacts(), sandbox.requests(), sandbox.ledger(), sandbox.faults()]
    const reset = page.locator("header").getByRole("button", { name: "Reset" })
    await reset.click()
    await page.getByText("Remove all contacts (2), all requests").waitFor()
    await page.getByRole("button", { name: "Cancel" }).click()
    await reset.click()
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "hidden" })
    assert.strictEqual(sandbox.contacts().length, 2)
    await reset.click()
    await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click()
    await page.getByText("Reset removed 2 contacts and 2 requests").waitFor()
    assert.deepStrictEqual([sandbox.contacts(), sandbox.requests(), sandbox.faults()], [[], [], []])
    await page.reload()
    await page.getByRole("button", { name: "Undo" }).click()
    await page.getByRole("option", { name: "id:2" }).waitFor()
    assert.deepStrictEqual(
      [sandbox.contacts(), sandbox.requests(), sandbox.ledger(), sandbox.faults()],
      before,
    )
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "hidden" })
    assert.deepStrictEqual(on.complaints, [])
  })

  it("E2 forgets what a reset has removed", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await page.locator("header").getByRole("button", { name: "Reset" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click()
    await page.getByRole("button", { name: "Forget" }).click()
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "hidden" })
    const undo = await fetch(`${sandbox.origin}/_sandbox/undo`, { method: "POST" })
    assert.strictEqual(undo.status, 409)
    assert.deepStrictEqual(sandbox.contacts(), [])
  })

  it("E3 offers a command with the token on an empty page", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await page.getByRole("heading", { name: "No requests yet" }).waitFor()
    await page.locator("#empty").getByRole("button", { name: "Copy the command" }).click()
    await page.getByText("Copied command").waitFor()
    const command = await page.evaluate<string>("navigator.clipboard.readText()")
    await run("bash", ["-c", `${command} --silent --fail`])
    assert.strictEqual(sandbox.contacts()[0]?.identifier, "email:ana@example.com")
    await page.getByRole("heading", { name: "No requests yet" }).waitFor({ state: "hidden" })
    // later it is on the page of settings
    await page.getByRole("tab", { name: "Settings" }).click()
    await page.locator("#connect").getByRole("button", { name: "Copy the variables" }).click()
    await page.getByText("Copied variables").waitFor()
    assert.strictEqual(
      await page.evaluate<string>("navigator.clipboard.readText()"),
      `export AELYST_BASE_URL=${sandbox.baseUrl} AELYST_TOKEN=sandbox_ok`,
    )
  })

  it("E4 lists time and reason or fault, filters, and searches all requests", async () => {
    await using on = await stage(browser, { limit: 1_000_000 })
    const { page, sandbox } = on
    await create(sandbox, "email:first@example.com", { firstName: "", email: "a@" })
    await create(sandbox, "email:429-7s@sandbox.test")
    await send(sandbox, 5000)
    await create(sandbox, "email:500@sandbox.test")
    await create(sandbox, "email:drop@sandbox.test").catch(() => undefined)
    await page.getByRole("option", { name: "fault drop" }).waitFor()
    assert.match(
      await page.getByRole("option", { name: "email:500@" }).innerText(),
      /^500\s+email:500@sandbox\.test\s+\d+ ms\s+\d\d:\d\d:\d\d\.\d{3}\s+fault 500$/,
    )
    await page.getByText("the newest 300 of 5000").waitFor()
    await page.getByRole("button", { name: /^5xx 1/ }).click()
    await page.getByText("1 of 5000 match").waitFor()
    assert.strictEqual(await rows(page).count(), 1)
    await page.getByRole("button", { name: /^5xx 1/ }).click()
    await page.getByLabel("Search requests").fill("ID:42")
    // id:42, id:420 to id:429, id:4200 to id:4299
    await page.getByText("111 of 5000 match").waitFor()
    await page.getByLabel("Search requests").fill("drop")
    await page.getByText("1 of 5000 match").waitFor()
    await create(sandbox, "id:drop")
    await create(sandbox, "id:other")
    await page.getByText("2 of 5000 match").waitFor()
    assert.strictEqual(await rows(page).count(), 2)
  })

  it("E4 names the first issue, the rate limit, and the result for the contact", async () => {
    await using on = await stage(browser, { limit: 3, windowMs: 60_000, limiter: "sliding-log" })
    const { page, sandbox } = on
    await create(sandbox, "id:1", { firstName: "", email: "a@" })
    await create(sandbox, "id:2")
    await create(sandbox, "id:2")
    await create(sandbox, "id:3")
    await page.getByRole("option", { name: /400 id:1 .*FIRST_NAME_\w+ \+1/ }).waitFor()
    await page.getByRole("option", { name: /200 id:2 .*created/ }).waitFor()
    await page.getByRole("option", { name: /400 id:2 .*existed/ }).waitFor()
    await page.getByRole("option", { name: /429 id:3 .*rate limit/ }).waitFor()
    assert.strictEqual(await rows(page).count(), 4)
  })

  it("E5 opens the newest request until another is chosen", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await detail(page).getByRole("heading", { name: "200 id:1" }).waitFor()
    await create(sandbox, "id:2")
    await detail(page).getByRole("heading", { name: "200 id:2" }).waitFor()
    await page.getByRole("option", { name: "id:1" }).click()
    await create(sandbox, "id:3")
    await page.getByRole("option", { name: "id:3" }).waitFor()
    await detail(page).getByRole("heading", { name: "200 id:1" }).waitFor()
    await page.getByRole("button", { name: "Newest" }).click()
    await detail(page).getByRole("heading", { name: "200 id:3" }).waitFor()
    // reading or copying it keeps it
    await detail(page).getByText("POST /v1/contact/id:3").click()
    await create(sandbox, "id:4")
    await page.getByRole("option", { name: "id:4" }).waitFor()
    assert.include(await detail(page).getByRole("heading").first().innerText(), "id:3")
  })

  it("E6 shows the response with status line and headers above the request", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, "email:429-7s@sandbox.test")
    await detail(page).getByText("HTTP/1.1 429 Too Many Requests").waitFor()
    const text = await detail(page).innerText()
    assert.match(text, /HTTP\/1\.1 429 Too Many Requests\n[^]*retry-after: 7\n[^]*"code": 429/)
    assert.match(text, /x-ratelimit-limit: 1000\n/)
    assert.isBelow(text.indexOf("HTTP/1.1 429"), text.indexOf("POST /v1/contact/"))
  })

  it.each([
    ["drop", "No byte of the response left: the connection was reset."],
    ["garbage", "No byte of the response left: bytes that are not HTTP were sent."],
    ["truncate-length", "Only the head and half of the body left"],
  ])("E6 says of %s what left", async (fault, sentence) => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await create(sandbox, `email:${fault}@sandbox.test`).catch(() => undefined)
    await detail(page).getByText(sentence).waitFor()
    assert.strictEqual(
      await detail(page).getByText("HTTP/1.1 200 OK").count(),
      fault === "truncate-length" ? 1 : 0,
    )
  })

  it("E6 says that a stalled response has not left", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    const leave = new AbortController()
    const sent = fetch(`${sandbox.baseUrl}/contact/email:stall@sandbox.test`, {
      method: "POST",
      headers: { authorization: "Bearer sandbox_ok", "content-type": "application/json" },
      body: '{"firstName":"Ana"}',
      signal: leave.signal,
    }).catch(() => undefined)
    await detail(page).getByText("the connection stays open until the client leaves").waitFor()
    leave.abort()
    await sent
    await detail(page).getByRole("heading", { name: "gone email:stall" }).waitFor()
    assert.strictEqual(sandbox.requests()[0]?.phase, "gone")
  })

  it("E7 opens a contact with every field, and keeps it open", async () => {
    await using on = await stage(browser, { processingDelayMs: 3_600_000 })
    const { page, sandbox } = on
    await create(sandbox, "email:ana@example.com", person)
    await page.getByRole("tab", { name: "Contacts" }).click()
    await page.locator("summary").click()
    const card = page.getByRole("listitem").filter({ hasText: "email:ana@example.com" })
    const { custom_fields: fields, ...plain } = person
    for (const text of [...Object.values(plain), ...fields.flatMap((one) => Object.values(one))])
      await card.locator("dl").getByText(text, { exact: true }).waitFor()
    assert.include(await card.innerText(), "processing")
    await create(sandbox, "id:2")
    await page.getByText("2 found").waitFor()
    assert.isTrue(await card.locator("dl").isVisible())
  })

  it("E8 shows active faults in every view, and removes them", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    sandbox.fail({ preset: "429-7s", match: { identifier: "id:9*" }, times: 1 })
    sandbox.fail("500")
    for (const name of ["Requests", "Contacts", "Faults", "Settings"]) {
      await page.getByRole("tab", { name }).click()
      await page.getByText("429-7s (id:9* · 1 left · 0 hits)").waitFor()
      await page.getByText("2 active faults").waitFor()
    }
    await create(sandbox, "id:99")
    // one that has no hits left is not active
    await page.getByText("1 active fault", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Remove all" }).click()
    await page.getByText("1 active fault", { exact: true }).waitFor({ state: "hidden" })
    assert.deepStrictEqual(sandbox.faults(), [])
  })

  it("E9 says when a setting applies and what a value means, and what is wrong in words", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    await page.getByRole("tab", { name: "Settings" }).click()
    await page.getByText("A change applies from the next request on").waitFor()
    for (const control of await page.locator("#settings-form :is(input, select)").all()) {
      const about = (await control.getAttribute("aria-describedby"))?.split(" ")[0]
      assert.isAbove((await page.locator(`#${about}`).innerText()).length, 10)
    }
    await page
      .getByLabel("Existing contacts")
      .selectOption({ label: "merge: 200, given fields replace old ones" })
    await sandbox.waitFor(({ settings }) => settings.existing === "merge")
    const change = async (label: string, text: string, error: string) => {
      await page.getByLabel(label).fill(text)
      await page.keyboard.press("Tab")
      await page.getByRole("alert").filter({ hasText: error }).waitFor()
      assert.strictEqual(await page.getByLabel(label).getAttribute("aria-invalid"), "true")
      assert.strictEqual(await page.getByLabel(label).inputValue(), text)
    }
    await change("Requests per window", "many", 'expected a number (got "many")')
    await change(
      "Requests per window",
      "-1",
      "Requests per window must be an integer between 0 and",
    )
    await change("Latency", "20-200", "expected a number or a range such as 20..200")
    assert.strictEqual(sandbox.settings.limit, 1000)
    await page.getByLabel("Latency").fill("1..2")
    await page.keyboard.press("Tab")
    await page.getByText("Latency, ms or from..to: 1..2, from the next request on").waitFor()
    assert.deepStrictEqual(sandbox.settings.latencyMs, [1, 2])
    assert.strictEqual(await page.getByLabel("Latency").getAttribute("aria-invalid"), "false")
  })

  it("E10 leaves a search with Escape", async () => {
    await using on = await stage(browser)
    const { page, sandbox } = on
    for (const id of ["id:1", "id:2"]) await create(sandbox, id)
    await rows(page).nth(1).waitFor()
    await page.keyboard.press("/")
    await page.keyboard.type("id:1")
    await page.getByText("1 of 2 match").waitFor()
    await page.keyboard.press("Escape")
    await rows(page).nth(1).waitFor()
    await page.keyboard.press("j")
    await detail(page).getByRole("heading", { name: "200 id:1" }).waitFor()
    await page.keyboard.press("2")
    await page.keyboard.press("/")
    await page.keyboard.type("2")
    await page.getByText("1 found").waitFor()
    await page.keyboard.press("Escape")
    await page.getByText("2 found").waitFor()
    await page.keyboard.press("1")
    assert.isTrue(await page.getByRole("tabpanel", { name: "Requests" }).isVisible())
  })

  it.each([
    [400, 2],
    [768, 2],
    [1280, 1],
    [1920, 1],
  ])("E11 has a header that is, at %i px, %i lines high", async (width, lines) => {
    await using on = await stage(browser, { limit: 9999 }, { viewport: { width, height: 800 } })
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    await page.locator("header").getByText("9998 of 9999 left").waitFor()
    const header = page.locator("header")
    assert.isAtMost((await boxOf(header)).height, lines * 52 + 1)
    assert.strictEqual(await rowCount(header), lines)
    assert.isFalse(await isTooWide(page))
    const live = await boxOf(page.locator("#link"))
    assert.isAtLeast(live.width, 38, "the state of the connection is not cut off")
  })

  it.each(["light", "dark"] as const)(
    "E12 tells 4xx, 429 and 5xx apart by colour and without it, %s",
    async (colorScheme) => {
      await using on = await stage(browser, {}, { colorScheme })
      const { page, sandbox } = on
      await create(sandbox, "id:1", { firstName: "" })
      await create(sandbox, "email:429@sandbox.test")
      await create(sandbox, "email:500@sandbox.test")
      await rows(page).nth(2).waitFor()
      const colours: Array<string> = []
      const marks: Array<string> = []
      for (const [kind, status] of [
        ["rejected", "400"],
        ["rate-limited", "429"],
        ["failed", "500"],
      ] as const) {
        await rows(page).locator(`.status.${kind}`).getByText(status).waitFor()
        colours.push(
          await page.evaluate<string>(
            `getComputedStyle(document.querySelector(".status.${kind}")).color`,
          ),
        )
        marks.push((await page.locator(`#only-${kind} .mark`).getAttribute("d")) ?? "")
      }
      const [rejected = "", rateLimited = "", failed = ""] = colours
      for (const [one, other] of [
        [rejected, rateLimited],
        [rejected, failed],
        [rateLimited, failed],
      ] as const)
        assert.isAbove(distance(one, other), 100, `${one} and ${other}`)
      assert.strictEqual(new Set(marks).size, 3)
    },
  )

  it("E13 shows local time, and UTC on hover", async () => {
    await using on = await stage(browser, { clock: "virtual" }, { timezoneId: "Asia/Kolkata" })
    const { page, sandbox } = on
    await create(sandbox, "id:1")
    const at = sandbox.requests()[0]?.at ?? 0
    const utc = new Date(at).toISOString().replace("T", " ").slice(0, 23)
    // India is 5.5 hours ahead all year
    const local = new Date(at + 5.5 * 3_600_000).toISOString().replace("T", " ").slice(0, 23)
    const shown = rows(page).first().locator("time")
    assert.strictEqual(await shown.innerText(), local.slice(11))
    assert.strictEqual(await shown.getAttribute("title"), `${utc} UTC`)
    const inDetail = detail(page).locator("time")
    assert.strictEqual(await inDetail.innerText(), local)
    assert.strictEqual(await inDetail.getAttribute("title"), `${utc} UTC`)
  })

  it("E14 copies a test that holds for the request, whether it failed or not", async () => {
    await using on = await stage(browser, { clock: "virtual" })
    const { page, sandbox } = on
    const folder = await mkdtemp(join(tmpdir(), "aelyst-inspector-"))
    const places = { node: "../../../node/src/index.ts", sandbox: "../../src/index.ts" }
    const holds = async (name: string, ok: boolean) => {
      await detail(page).getByRole("heading", { name }).waitFor()
      const text = await copied(page, "SDK")
      await page.keyboard.press("n")
      assert.strictEqual(text.includes("assert.equal(tried.ok, true)"), ok, name)
      const file = join(folder, "copied.test.mjs")
      await writeFile(
        file,
        text.replaceAll(/"@aelyst\/(node|sandbox)"/g, (_, one: "node" | "sandbox") =>
          JSON.stringify(new URL(places[one], import.meta.url).href),
        ),
      )
      await run(process.execPath, ["--test", file])
    }
    try {
      await create(sandbox, "id:1", { firstName: "Ana" })
      await holds("200 id:1", true)
      await create(sandbox, "id:1", { firstName: "Ana" })
      await holds("400 id:1", false)
      await create(sandbox, "id:2", { firstName: "Ana", email: "a@" })
      await holds("400 id:2", false)
      // the SDK fixes this one before it sends it
      await create(sandbox, "id:2", { firstName: "Ana", phone: "+60 12-345 6789" })
      await holds("400 id:2", false)
      const flaky = { token: "sandbox_flaky", body: { firstName: "Ana" } }
      for (const id of [4, 5, 6]) await call(`${sandbox.baseUrl}/contact/id:${id}`, flaky)
      await holds("500 id:6", false)
      await call(`${sandbox.baseUrl}/contact/id:7`, { ...flaky, token: "mine" })
      await holds("401 id:7", false)
      await call(`${sandbox.baseUrl}/contact/id:8`, { ...flaky, token: "sandbox_limit_1" })
      await call(`${sandbox.baseUrl}/contact/id:8`, { ...flaky, token: "sandbox_limit_1" })
      await holds("429 id:8", false)
      await create(sandbox, "email:429-7s@sandbox.test", { firstName: "Ana" })
      await holds("429 email:429-7s", false)
      sandbox.fail({ preset: "500-after", times: 1 })
      await create(sandbox, "id:3", { firstName: "Ana" })
      await holds("500 id:3", false)
      await create(sandbox, "email:drop@sandbox.test", { firstName: "Ana" }).catch(() => undefined)
      await holds("cut email:drop", false)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it.each(widths.flatMap((width) => [[width, "light"] as const, [width, "dark"] as const]))(
    "has no violation that axe-core finds, %i px, %s",
    async (width, colorScheme) => {
      await using on = await stage(browser, {}, { colorScheme, viewport: { width, height: 800 } })
      const { page, sandbox } = on
      assert.deepStrictEqual(await violations(page), [], "empty")
      await create(sandbox, "email:ana@example.com", person)
      await create(sandbox, "id:1", { firstName: "" })
      await create(sandbox, "email:429@sandbox.test")
      await create(sandbox, "email:500@sandbox.test")
      await create(sandbox, "email:drop@sandbox.test").catch(() => undefined)
      sandbox.fail("500")
      await rows(page).nth(4).waitFor()
      await page.getByText("1 active fault").waitFor()
      for (const key of ["1", "2", "3", "4"]) {
        await page.keyboard.press(key)
        if (key === "2") await page.locator("summary").first().click()
        assert.deepStrictEqual(await violations(page), [], `view ${key}`)
        assert.isFalse(await isTooWide(page), `view ${key}`)
      }
      await page.locator("header").getByRole("button", { name: "Reset" }).click()
      assert.deepStrictEqual(await violations(page), [], "the question")
      await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click()
      await page.getByRole("button", { name: "Undo" }).waitFor()
      assert.deepStrictEqual(await violations(page), [], "after a reset")
    },
  )
})
