// Records a newcomer's session in a pseudo-terminal, against a sandbox, and draws it as session.svg: one picture
// for light and dark. The built command printed everything in it; run this script again after a change of output.
import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const commands = [
  "aelyst create email:ana@example.com --first-name Ana --field 'Vip:checkbox=true'",
  "aelyst create email:429-1s-x1@sandbox.test --first-name Bo",
  "aelyst create email:chi@ --first-name Chi",
  "aelyst create email:500@sandbox.test --first-name Dee",
]
const columns = 96

const home = mkdtempSync(join(tmpdir(), "aelyst-picture-"))
const record = () => {
  const shim = join(home, "aelyst")
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/bin.js")}" "$@"\n`)
  chmodSync(shim, 0o755)
  const session = join(home, "session")
  const lines = commands.map((command) => `printf '%s\\n' ${quote(`$ ${command}`)}\n${command}`)
  writeFileSync(session, `stty cols ${columns}\n${lines.join("\n")}\nexit 0\n`)
  const done = spawnSync(
    "/usr/bin/env",
    ["script", "-qefc", `aelyst sandbox exec --quiet -- sh ${session}`, "/dev/null"],
    {
      encoding: "utf8",
      env: {
        HOME: home,
        TERM: "xterm-256color",
        SHELL: "/bin/sh",
        PATH: [home, process.env.PATH].join(delimiter),
      },
    },
  )
  if (done.status !== 0) throw new Error(`the session ended with ${done.status}\n${done.stdout}`)
  return done.stdout
}
const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** Turns one line into text spans; a line that was drawn over shows what was drawn last. */
const spans = (line) =>
  line
    .split("\r\u001b[2K")
    .at(-1)
    .split("\u001b[")
    .map((part, position) => {
      const code = position === 0 ? undefined : part.slice(0, part.indexOf("m"))
      const text = position === 0 ? part : part.slice(part.indexOf("m") + 1)
      const style = { 31: "bad", 32: "good", 33: "odd", 2: "dim" }[code]
      const look = style === undefined ? "" : ` class="${style}"`
      return text === "" ? "" : `<tspan${look}>${escape(text)}</tspan>`
    })
    .join("")

try {
  const lines = record().trimEnd().split(/\r?\n/)
  const step = 20
  const drawn = lines.map(spans)
  const longest = Math.max(...drawn.map((line) => line.replace(/<[^>]*>/g, "").length))
  const [width, height] = [Math.ceil(longest * 8.45) + 32, lines.length * step + 32]
  const rows = drawn.map((line, row) => {
    const typed = lines[row].startsWith("$") ? ' class="typed"' : ""
    return `<text x="16" y="${row * step + 30}"${typed}>${line}</text>`
  })
  writeFileSync(
    join(root, "session.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A session of aelyst in a terminal">
<style>
  rect { fill: #ffffff; stroke: #d0d7de }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
  .typed { font-weight: 600 }
  .good { fill: #1a7f37 } .bad { fill: #cf222e } .odd { fill: #9a6700 } .dim { fill: #656d76 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
    .good { fill: #3fb950 } .bad { fill: #ff7b72 } .odd { fill: #d29922 } .dim { fill: #8b949e }
  }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.join("\n")}
</svg>
`,
  )
} finally {
  rmSync(home, { recursive: true, force: true })
}
