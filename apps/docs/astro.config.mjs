import { readFileSync } from "node:fs"
import starlight from "@astrojs/starlight"
import { defineConfig } from "astro/config"

// `node src/main.ts` writes content/ from the repository before each build
const sidebar = JSON.parse(readFileSync(new URL("content/sidebar.json", import.meta.url), "utf8"))

const preOf = (node) =>
  node.tagName === "pre" ? node : node.children?.map(preOf).find((found) => found !== undefined)

/** Blocks that are too wide can be scrolled with the keyboard, also without a script, which would make each a landmark. */
const focusableBlocks = {
  name: "focusable blocks",
  hooks: {
    postprocessRenderedBlock: ({ renderData }) => {
      const pre = preOf(renderData.blockAst)
      if (pre !== undefined) pre.properties.tabindex = "0"
    },
  },
}

/** Tables that are too wide can be scrolled with the keyboard, and the field of the search has a name. */
const barriers = `
addEventListener("load", () => {
  const mark = () => {
    for (const table of document.querySelectorAll(".sl-markdown-content table")) {
      if (table.scrollWidth > table.clientWidth) table.tabIndex = 0
      else table.removeAttribute("tabindex")
    }
  }
  mark()
  addEventListener("resize", mark)
  const search = document.querySelector("site-search dialog")
  const name = () => search?.querySelector("input")?.setAttribute("aria-label", "Search")
  name()
  if (search) new MutationObserver(name).observe(search, { childList: true, subtree: true })
})`

export default defineConfig({
  srcDir: "./site",
  publicDir: "./content/public",
  cacheDir: "./.astro/cache",
  // "--flag" must stay two dashes
  markdown: { smartypants: false },
  integrations: [
    starlight({
      title: "Aelyst for TypeScript",
      description: "Create Aelyst contacts from Effect, Node.js, Express or a terminal",
      head: [{ tag: "script", content: barriers }],
      expressiveCode: { defaultProps: { frame: "none" }, plugins: [focusableBlocks] },
      sidebar,
      customCss: ["./site/site.css"],
      lastUpdated: false,
      pagination: true,
      credits: false,
    }),
  ],
})
