// Turns what a command printed into the lines of a terminal, and these into SVG, for light and dark.
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** The looks of a terminal. */
export const terminalLook = `
  rect { fill: #ffffff; stroke: #d0d7de }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
  .typed { font-weight: 600 }
  .good { fill: #1a7f37 } .bad { fill: #cf222e } .odd { fill: #9a6700 } .dim { fill: #656d76 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
    .good { fill: #3fb950 } .bad { fill: #ff7b72 } .odd { fill: #d29922 } .dim { fill: #8b949e }
  }`

/** Returns a screen: `write` prints on it, `lines` are what it shows; lines that were drawn over show what was drawn last. */
export const screen = () => {
  const lines = [""]
  let at = 0
  const write = (text) => {
    // oxlint-disable-next-line no-control-regex -- the escapes that move the cursor
    const tokens = /\r|\n|\u001b\[2K|\u001b\[1A|\u001b\[\d*m|[^\r\n\u001b]+/g
    for (const [token] of text.matchAll(tokens)) {
      if (token === "\n") lines[++at] ??= ""
      else if (token === "\u001b[1A") at--
      else if (token === "\u001b[2K") lines[at] = ""
      else if (token !== "\r") lines[at] += token
    }
  }
  return { lines, write }
}

/** Turns one line into text spans. */
export const spans = (line) =>
  line
    .split("\u001b[")
    .map((part, position) => {
      const code = position === 0 ? undefined : part.slice(0, part.indexOf("m"))
      const text = position === 0 ? part : part.slice(part.indexOf("m") + 1)
      const style = { 31: "bad", 32: "good", 33: "odd", 2: "dim" }[code]
      const look = style === undefined ? "" : ` class="${style}"`
      return text === "" ? "" : `<tspan${look}>${escape(text)}</tspan>`
    })
    .join("")
