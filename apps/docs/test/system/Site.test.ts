/** Walks the built site in Chromium. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

import { picture, violations } from "../../../conformance/src/browser/Chromium.ts"
import { dist } from "../../src/Build.ts"
import type { Stage } from "./browser.ts"
import { stage } from "./browser.ts"

let site: Stage
beforeAll(async () => {
  site = await stage()
}, 600_000)
afterAll(() => site?.close())

const pages = () => globSync("**/*.html", { cwd: dist }).map((file) => file.replaceAll("\\", "/"))
const html = (file: string) => readFileSync(join(dist, file), "utf8")

/** One page of each kind. */
const kinds = [
  ["the first page", ""],
  ["a guide with tabs", "guides/start/"],
  ["a guide with sessions", "import-a-csv/"],
  ["a concept with a picture", "concepts/outcome/"],
  ["the API of a package", "reference/api/redis/"],
  ["a command", "reference/command/import/"],
  ["a code", "errors/rate_limited/"],
  ["the table of errors", "errors/"],
  ["tables of figures", "benchmarks/"],
] as const

describe("every page", () => {
  it("links only to pages and headings that exist", () => {
    const ids = new Map<string, ReadonlySet<string>>()
    const idsOf = (file: string) => {
      const known =
        ids.get(file) ??
        new Set([...html(file).matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => id))
      ids.set(file, known)
      return known
    }
    const broken = pages().flatMap((file) => {
      const base = `http://site/${file === "404.html" ? "" : file.replace(/index\.html$/, "")}`
      const links = [
        ...html(file).matchAll(/<(?:a|link|script|img)\b[^>]*? (?:href|src)="([^"]*)"/g),
      ]
      return links.flatMap(([, link = ""]) => {
        const url = new URL(link.replaceAll("&amp;", "&"), base)
        if (url.origin !== "http://site") return []
        const path = decodeURIComponent(url.pathname).slice(1)
        const target = path === "" || path.endsWith("/") ? `${path}index.html` : path
        const isThere = existsSync(join(dist, target)) && statSync(join(dist, target)).isFile()
        const hash = decodeURIComponent(url.hash.slice(1))
        const isFound = isThere && (hash === "" || hash === "_top" || idsOf(target).has(hash))
        return isFound ? [] : [`/${file}: ${link}`]
      })
    })
    expect(pages().length).toBeGreaterThan(200)
    expect(broken).toStrictEqual([])
  })

  it("has its Markdown next to it", () => {
    const missing = pages()
      .filter((file) => file !== "404.html")
      .filter((file) => !existsSync(join(dist, file.replace(/\/index\.html$|\.html$/, ".md"))))
    expect(missing).toStrictEqual([])
  })

  it("loads nothing from another origin, and its markup names none but in links", () => {
    const foreign = pages().flatMap((file) => [
      ...html(file).matchAll(
        /<(?:link|script|img|source|iframe)\b[^>]*? (?:href|src|srcset)="(?:https?:)?\/\/[^"]*"/g,
      ),
    ])
    expect(
      foreign.map(([tag]) => tag).filter((tag) => !tag.includes('rel="canonical"')),
    ).toStrictEqual([])
  })
})

describe.each(kinds)("%s", (name, path) => {
  it.each(["light", "dark"] as const)(
    "has no barrier that axe-core finds, %s",
    async (colorScheme) => {
      const page = await site.open(path, { colorScheme })
      expect(await page.evaluate("document.documentElement.dataset.theme")).toBe(colorScheme)
      await picture(page, `${name.replaceAll(" ", "-")}-${colorScheme}`)
      expect(await violations(page)).toStrictEqual([])
      await page.context().close()
    },
  )

  it("fits a screen of 400 px, without a barrier", async () => {
    const page = await site.open(path, { viewport: { width: 400, height: 800 } })
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400)
    await picture(page, `${name.replaceAll(" ", "-")}-400px`)
    expect(await violations(page)).toStrictEqual([])
    await page.context().close()
  })
})

describe("the first page", () => {
  it("is at most 150 kB with everything it loads, compressed", async () => {
    const from = site.requested.length
    const page = await site.open("")
    await page.waitForLoadState("networkidle")
    const urls = new Set(site.requested.slice(from))
    const sizes = [...urls].map((url) => {
      const path = new URL(url).pathname
      return gzipSync(readFileSync(join(dist, path.endsWith("/") ? `${path}index.html` : path)))
        .length
    })
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(total).toBeGreaterThan(10_000)
    expect(total).toBeLessThanOrEqual(150_000)
    await page.context().close()
  })
})

describe("the search", () => {
  it("finds a page by a word in it, with the keyboard only", async () => {
    const page = await site.open("")
    // the field is there as soon as the page has nothing else to do
    await page.locator("dialog input").waitFor({ state: "attached" })
    await page.keyboard.press("Control+k")
    await page.keyboard.type("doubtDelay")
    const result = page
      .locator("dialog a[href]")
      .filter({ hasText: /Delivery|Rate limits|core/ })
      .first()
    await result.waitFor()
    expect(await violations(page)).toStrictEqual([])
    await picture(page, "search")
    await result.press("Enter")
    await page.waitForURL((url) => url.pathname !== "/")
    await page.context().close()
  })
})

describe("the tabs", () => {
  const command = "npx @aelyst/cli create email:ana@example.com"
  const program = "aelyst.contacts.create"

  it.each([true, false])("switch with the arrow keys; script: %s", async (javaScriptEnabled) => {
    const page = await site.open("guides/start/", { javaScriptEnabled })
    const tabs = page.locator("fieldset.tabs").first()
    expect(await tabs.innerText()).toContain(command)
    expect(await tabs.innerText()).not.toContain(program)
    await tabs.getByRole("radio", { name: "Command" }).focus()
    await page.keyboard.press("ArrowRight")
    expect(await tabs.innerText()).toContain(program)
    expect(await tabs.innerText()).not.toContain(command)
    await tabs.locator("label", { hasText: "curl" }).click()
    expect(await tabs.innerText()).toContain("curl --fail")
    await page.context().close()
  })
})

describe("without JavaScript", () => {
  it.each([1280, 400])("every page can be reached and read, %s px wide", async (width) => {
    const page = await site.open("", { javaScriptEnabled: false, viewport: { width, height: 900 } })
    if (width < 800) await page.getByRole("button", { name: "Menu" }).click()
    const link = page.getByRole("link", { name: "Clean phone numbers" }).first()
    expect(await link.isVisible()).toBe(true)
    await picture(page, `without-javascript-${width}px`)
    await link.click()
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Clean phone numbers")
    await page.context().close()
  })

  it.each(["light", "dark"] as const)("is %s if the system is", async (colorScheme) => {
    const page = await site.open("", { javaScriptEnabled: false, colorScheme })
    await picture(page, `without-javascript-${colorScheme}`)
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    const [, red = ""] = /rgb\((\d+)/.exec(String(background)) ?? []
    expect(Number(red) > 128 ? "light" : "dark").toBe(colorScheme)
    await page.context().close()
  })
})

describe("all of the above", () => {
  it("sent no request to another origin, and no script failed", () => {
    const origins = new Set(
      site.requested.filter((url) => !url.startsWith("data:")).map((url) => new URL(url).origin),
    )
    expect([...origins]).toStrictEqual([site.origin])
    expect(site.complaints).toStrictEqual([])
  })
})
