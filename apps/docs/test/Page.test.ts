import { describe, expect, it } from "vitest"

import { pageOf, pathOf, sectionOf, twinOf } from "../src/Page.ts"

describe("pathOf", () => {
  it.each([
    ["README.md", ""],
    ["docs/testing.md", "testing"],
    ["docs/guides/start.md", "guides/start"],
    ["docs/errors/PHONE_INVALID.md", "errors/phone_invalid"],
    ["packages/node/README.md", "packages/node"],
    ["packages/node/CHANGELOG.md", "changelogs/node"],
    ["CONTRIBUTING.md", "contributing"],
  ])("gives %s the address /%s", (file, path) => {
    expect(pathOf(file)).toBe(path)
  })
})

describe("twinOf", () => {
  it("names the Markdown file of a page", () => {
    expect(twinOf("guides/start")).toBe("guides/start.md")
    expect(twinOf("")).toBe("index.md")
  })
})

describe("pageOf", () => {
  it("takes the title and the first sentences, without Markdown, and leaves comments out", () => {
    const text =
      "# From `fetch`\n\n<!-- a\nnote -->\n\n[One](b.md) sentence. `Two`:\n\n```ts\n1\n```\n"
    expect(pageOf("docs/a.md", text)).toStrictEqual({
      path: "a",
      title: "From fetch",
      description: "One sentence. Two.",
      body: "[One](b.md) sentence. `Two`:\n\n```ts\n1\n```",
      source: "docs/a.md",
    })
  })

  it("ends a long description after a sentence", () => {
    const text = `# A\n\n${"A sentence of a certain length. ".repeat(20)}\n`
    const { description } = pageOf("docs/a.md", text)
    expect(description).toMatch(/length\.$/)
    expect(description.length).toBeLessThanOrEqual(201)
  })

  it("refuses a page without a title", () => {
    expect(() => pageOf("docs/a.md", "No title\n")).toThrow("docs/a.md: no title")
  })
})

describe("sectionOf", () => {
  const text = "# A\n\n## B\n\nOne.\n\n### C\n\nTwo.\n\n## D\n\nThree.\n"

  it("returns one section, with its headings a level higher", () => {
    const page = sectionOf("packages/a/README.md", text, "B", { path: "b", title: "The B" })
    expect(page).toMatchObject({ path: "b", title: "The B", body: "One.\n\n## C\n\nTwo." })
  })

  it("refuses a heading that is not there", () => {
    expect(() => sectionOf("a.md", text, "E", { path: "e", title: "E" })).toThrow("no section E")
  })
})
