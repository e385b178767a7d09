/**
 * Turns the alternatives of an example into tabs. In the repository they are bold names, each with its content below,
 * between `<!-- tabs -->` and `<!-- tabs end -->`. On the site they are radio buttons and their panels, so they need no script.
 */

const region = /^<!-- tabs -->\n([\s\S]*?)^<!-- tabs end -->$/gm

/** One form of an example: its name and what is shown below it. */
export interface Tab {
  readonly name: string
  readonly content: string
}

/** Returns the tabs between two marks. */
const tabsIn = (text: string): ReadonlyArray<Tab> =>
  text
    .split(/^(?=\*\*[^*]+\*\*$)/m)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [, name, content] = /^\*\*([^*]+)\*\*\n([\s\S]*)$/.exec(part) ?? []
      if (name === undefined || content === undefined)
        throw new Error(`a tab without a name: ${part.slice(0, 40)}`)
      return { name, content: content.trim() }
    })

const fieldset = (tabs: ReadonlyArray<Tab>, group: number): string =>
  [
    `<fieldset class="tabs not-content">`,
    `<legend>Show this example for</legend>`,
    ...tabs.map(({ name }, at) => {
      const id = `tabs-${group}-${at + 1}`
      return `<input type="radio" name="tabs-${group}" id="${id}"${at === 0 ? " checked" : ""}><label for="${id}">${name}</label>`
    }),
    ...tabs.flatMap(({ content }) => ["<div>", "", content, "", "</div>"]),
    "</fieldset>",
  ].join("\n")

/** Returns the groups of tabs of a page, in their order. */
export const tabsOf = (markdown: string): ReadonlyArray<ReadonlyArray<Tab>> =>
  [...markdown.matchAll(region)].map(([, text = ""]) => tabsIn(text))

/** Returns the Markdown with every group of tabs as HTML. */
export const withTabs = (markdown: string): string => {
  let group = 0
  return markdown.replaceAll(region, (_, text: string) => fieldset(tabsIn(text), ++group))
}

/** Returns the Markdown without the marks around tabs: their names and contents stay, one after the other. */
export const withoutTabs = (markdown: string): string =>
  markdown.replaceAll(/^<!-- tabs(?: end)? -->\n+/gm, "")
