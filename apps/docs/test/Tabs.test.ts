import { describe, expect, it } from "vitest"

import { withoutTabs, withTabs } from "../src/Tabs.ts"

const fence = "```"
const text = `Before.

<!-- tabs -->

**Node.js**

${fence}ts
a()
${fence}

**curl**

${fence}sh
curl b
${fence}

<!-- tabs end -->

After.
`

describe("withTabs", () => {
  it("makes radio buttons, the first one chosen, and a panel for each", () => {
    const html = withTabs(text)
    expect(html.match(/<input type="radio" name="tabs-1"/g)).toHaveLength(2)
    expect(html).toContain('id="tabs-1-1" checked><label for="tabs-1-1">Node.js</label>')
    expect(html).toContain(`<div>\n\n${fence}sh\ncurl b\n${fence}\n\n</div>`)
    expect(html).not.toContain("<!-- tabs")
    expect(html).toMatch(/^Before\.[\s\S]*After\.\n$/)
  })

  it("gives each group on a page its own name", () => {
    expect(withTabs(text + text)).toContain('name="tabs-2"')
  })

  it("refuses content before the first name", () => {
    expect(() => withTabs("<!-- tabs -->\n\nlost\n\n<!-- tabs end -->\n")).toThrow("without a name")
  })
})

describe("withoutTabs", () => {
  it("leaves names and contents, without the marks", () => {
    const plain = withoutTabs(text)
    expect(plain).toContain(`**Node.js**\n\n${fence}ts`)
    expect(plain).not.toContain("<!--")
  })
})
