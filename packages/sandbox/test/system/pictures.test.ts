import { readFileSync } from "node:fs"

import { afterAll, beforeAll, describe, expect, it } from "vitest"

import type { Browser } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { launch } from "../../../../apps/conformance/src/browser/Chromium.ts"
import { folder, take } from "./pictures.ts"

/** The fields in which two pictures are compared: fonts differ between machines, the look of a field does not. */
const [across, down] = [16, 9]

/** Returns by how much two pictures differ, from 0 to 1: on average, and in the field that differs most. */
const difference = async (browser: Browser, one: Buffer, other: Buffer) => {
  const page = await browser.newPage()
  try {
    const [a, b] = [one, other].map((png) => JSON.stringify(png.toString("base64")))
    // safe: the numbers that the script returns
    const fields = (await page.evaluate(`(async () => {
      const pixelsOf = async (png) => {
        const image = new Image()
        image.src = "data:image/png;base64," + png
        await image.decode()
        const canvas = new OffscreenCanvas(image.width, image.height)
        const context = canvas.getContext("2d")
        context.drawImage(image, 0, 0)
        return context.getImageData(0, 0, image.width, image.height)
      }
      const [a, b] = [await pixelsOf(${a}), await pixelsOf(${b})]
      if (a.width !== b.width || a.height !== b.height) return [1]
      const sums = Array.from({ length: ${across * down} }, () => [0, 0])
      for (let at = 0; at < a.data.length; at++) {
        const pixel = at >> 2
        const column = Math.floor(((pixel % a.width) / a.width) * ${across})
        const row = Math.floor((Math.floor(pixel / a.width) / a.height) * ${down})
        const sum = sums[row * ${across} + column]
        sum[0] += Math.abs(a.data[at] - b.data[at]) / 255
        sum[1] += 1
      }
      return sums.map(([sum, count]) => sum / count)
    })()`)) as ReadonlyArray<number>
    const mean = fields.reduce((sum, field) => sum + field, 0) / fields.length
    return { mean, most: Math.max(...fields) }
  } finally {
    await page.close()
  }
}

let browser: Browser
beforeAll(async () => {
  browser = await launch()
}, 60_000)
afterAll(() => browser?.close())

describe.each(["light", "dark"] as const)("the pictures of the inspector, %s", (colorScheme) => {
  it("are as it looks now", async () => {
    const differing: Array<object> = []
    // a letter that is one pixel larger is three times as much
    for (const [name, png] of await take(browser, colorScheme)) {
      const { mean, most } = await difference(browser, readFileSync(folder + name), png)
      if (mean > 0.02 || most > 0.12) differing.push({ name, mean, most })
    }
    expect(differing).toStrictEqual([])
  })
})
