/** Writes the pictures of the inspector for the documentation: `pnpm --filter @aelyst/sandbox pictures`. */
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { create } from "../client.ts"
import { launch, stage } from "./inspector.ts"

const folder = fileURLToPath(new URL("../../../../docs/pictures/", import.meta.url))
mkdirSync(folder, { recursive: true })

const people = [
  ["email:ana@example.com", { firstName: "Ana", lastName: "Ng", email: "ana@example.com" }],
  [
    "phone:+60123456789",
    { firstName: "سيتي", lastName: "نورهاليزا", phone: "+60123456789", countryCode: "MY" },
  ],
  ["id:4711", { firstName: "Muhammad", custom_fields: [{ name: "Tier", value: "Gold" }] }],
] as const

const browser = await launch()
for (const colorScheme of ["light", "dark"] as const) {
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
  await page.screenshot({ path: `${folder}inspector-${colorScheme}.png` })
  // as on a phone, with a fault that is still active
  sandbox.fail({ preset: "429-7s", match: { identifier: "phone:*" }, times: 2 })
  await page.setViewportSize({ width: 400, height: 640 })
  await page.getByRole("tab", { name: "Contacts" }).click()
  await page.locator("summary").filter({ hasText: "phone:+60123456789" }).click()
  await page.getByText("1 active fault").waitFor()
  await page.screenshot({ path: `${folder}inspector-contacts-${colorScheme}.png` })
}
await browser.close()
