import { describe, expect, it } from "vitest"

import { root } from "../src/assemble.ts"
import { withLinks } from "../src/Links.ts"
import { pageOf } from "../src/Page.ts"

const copied: Array<string> = []
const map = {
  root,
  pages: new Map([
    ["docs/testing.md", "testing"],
    ["packages/node/README.md", "packages/node"],
    ["README.md", ""],
  ]),
  paths: new Set(["errors/usage"]),
  use: (file: string) => copied.push(file),
}
const page = (body: string) => pageOf("docs/guides/start.md", `# A\n\n${body}\n`)

describe("withLinks", () => {
  it.each([
    ["[a](../testing.md#jest)", "[a](../../testing/#jest)"],
    ["[a](../../packages/node)", "[a](../../packages/node/)"],
    ["[a](../../README.md)", "[a](../../)"],
    ["[a](https://github.com/aelyst/aelyst/blob/main/docs/testing.md)", "[a](../../testing/)"],
    ["[a](#next)", "[a](#next)"],
    ["[a](site:errors/usage)", "[a](../../errors/usage/)"],
    ["[a](https://example.com/b.md)", "[a](https://example.com/b.md)"],
    ["[a](../../LICENSE)", "[a](https://github.com/aelyst/aelyst/blob/main/LICENSE)"],
    [
      "`[a](gone.md)` and\n```text\n[a](gone.md)\n```",
      "`[a](gone.md)` and\n```text\n[a](gone.md)\n```",
    ],
  ])("turns %s into a link of the site", (link, expected) => {
    expect(withLinks(page(link), map)).toBe(expected)
  })

  it("leads to Markdown files among the Markdown files", () => {
    expect(withLinks(page("[a](../testing.md#jest)"), map, true)).toBe("[a](../testing.md#jest)")
    expect(withLinks(page("[a](../../README.md)"), map, true)).toBe("[a](../index.md)")
  })

  it("shows a picture as it is, and has it copied", () => {
    const link = "![two](../pictures/packages.svg)"
    expect(withLinks(page(link), map)).toBe('<img alt="two" src="../../pictures/packages.svg">')
    expect(copied).toContain("docs/pictures/packages.svg")
  })

  it("refuses a link to a file or a page that does not exist", () => {
    expect(() => withLinks(page("[a](gone.md)"), map)).toThrow(
      "docs/guides/gone.md, which does not",
    )
    expect(() => withLinks(page("[a](site:gone)"), map)).toThrow("site:gone, which is no page")
  })
})
