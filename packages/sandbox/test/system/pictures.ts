/** Takes the pictures of the inspector for the documentation: `pnpm --filter @aelyst/sandbox pictures` writes them. */
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { create } from "../client.ts"
import type { Browser } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { launch } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { stage } from "./inspector.ts"

/** The folder of the pictures. */
export const folder: string = fileURLToPath(new URL("../../../../docs/pictures/", import.meta.url))

const people = [
  ["email:ana@example.com", { firstName: "Ana", lastName: "Ng", email: "ana@example.com" }],
  [
    "phone:+60123456789",
    { firstName: "سيتي", lastName: "نورهاليزا", phone: "+60123456789", countryCode: "MY" },
  ],
  ["id:4711", { firstName: "Muhammad", custom_fields: [{ name: "Tier", value: "Gold" }] }],
] as const

/** Returns the pictures of a colour scheme by their names: a busy inspector, and its contacts as on a phone. */
export const take = async (
  browser: Browser,
  colorScheme: "light" | "dark",
): Promise<ReadonlyMap<string, Buffer>> => {
  const options = { limit: 10, windowMs: 10_000, limiter: "sliding-log", clock: "virtual" } as const
  const viewport = { width: 1280, height: 720 }
  await using on = await stage(browser, options, { colorScheme, viewport })
  const { page, sandbox } = on
  // a minute of traffic; every second wave exceeds the limit
  for (let wave = 0; wave < 9; wave++) {
    for (let n = 0; n < (wave % 2 === 0 ? 6 : 14); n++) {
      const [, contact] = people[n % 3] ?? people[0]
      await create(sandbox, `email:person${wave}-${n}@example.com`, contact)
    }
    await sandbox.advance(3000)
    await sandbox.advance(3000)
  }
  await sandbox.advance(4000)
  for (const [identifier, contact] of people) await create(sandbox, identifier, contact)
  await create(sandbox, "email:drop@sandbox.test", people[0][1]).catch(() => undefined)
  await create(sandbox, "email:500@sandbox.test", people[0][1])
  await create(sandbox, "email:429-7s@sandbox.test", people[0][1])
  await create(sandbox, "email:bo@example.com", { firstName: "Bo", phone: "0123", email: "bo@" })
  await page.getByRole("option", { name: "email:bo@example.com" }).click()
  await page.getByRole("heading", { name: "Issues" }).waitFor()
  const busy = await page.screenshot()
  // as on a phone, with a fault that is still active
  sandbox.fail({ preset: "429-7s", match: { identifier: "phone:*" }, times: 2 })
  await page.setViewportSize({ width: 400, height: 640 })
  await page.getByRole("tab", { name: "Contacts" }).click()
  await page.locator("summary").filter({ hasText: "phone:+60123456789" }).click()
  await page.getByText("1 active fault").waitFor()
  return new Map([
    [`inspector-${colorScheme}.png`, busy],
    [`inspector-contacts-${colorScheme}.png`, await page.screenshot()],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = await launch()
  mkdirSync(folder, { recursive: true })
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [name, png] of await take(browser, colorScheme)) writeFileSync(folder + name, png)
  }
  await browser.close()
}
