// Records two sessions of a newcomer in a pseudo-terminal, against a sandbox, and draws them as session.svg and import.svg:
// each one picture for light and dark. The built command printed everything in them; run this script again after a
// change of output. With --check it writes nothing, and fails if new sessions differ by more than numbers.
import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

import { comparable } from "../../../scripts/session-record.mjs"
import { report } from "../../../scripts/sources.mjs"
import { screen, spans, terminalLook } from "../../../scripts/terminal.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const creates = [
  "aelyst create email:ana@example.com --first-name Ana --field 'Vip:checkbox=true'",
  "aelyst create email:429-1s-x1@sandbox.test --first-name Bo",
  "aelyst create email:chi@ --first-name Chi",
  "aelyst create email:500@sandbox.test --first-name Dee",
]
const leads = [
  "Contact;Mobile;Email;Country/Region",
  "Ana;012-345 6789;ana@example.com;Malaysia",
  "Bo;12-34;;MY",
  "Cy;;cy@example.com;Malayisa",
  ...Array.from({ length: 40 }, (_, at) => `Di ${at};;di${at}@example.com;UK`),
]
// the first import is killed while it sends: its last three lines stay, and everything else is the command's own
const imports = [
  "aelyst import leads.csv --yes",
  "timeout --signal=KILL 3s aelyst import leads.csv --yes --map fullName=Contact",
  "aelyst resume --yes",
  "sed -i 's/12-34/+60123456780/; s/Malayisa/Malaysia/' leads.rejects.csv",
  "aelyst import leads.rejects.csv --yes --map fullName=Contact",
]
const columns = 112

const record = (commands) => {
  const home = mkdtempSync(join(tmpdir(), "aelyst-picture-"))
  const shim = join(home, "aelyst")
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/bin.js")}" "$@"\n`)
  chmodSync(shim, 0o755)
  const session = join(home, "session")
  const lines = commands.map((command) => `printf '%s\\n' ${quote(`$ ${command}`)}\n${command}`)
  writeFileSync(join(home, "leads.csv"), `${leads.join("\n")}\n`)
  writeFileSync(session, `cd ${home}\nstty cols ${columns}\n${lines.join("\n")}\nexit 0\n`)
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
  rmSync(home, { recursive: true, force: true })
  if (done.status !== 0) throw new Error(`the session ended with ${done.status}\n${done.stdout}`)
  return done.stdout
}
const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`

const draw = (label, commands) => {
  const { lines, write } = screen()
  const printed = record(commands).trimEnd()
  write(printed.replaceAll(/session: line \d+: +\d+ Killed.*/g, "Killed"))
  const step = 20
  const drawn = lines.map(spans)
  const longest = Math.max(...drawn.map((line) => line.replace(/<[^>]*>/g, "").length))
  const [width, height] = [Math.ceil(longest * 8.45) + 32, lines.length * step + 32]
  const rows = drawn.map((line, row) => {
    const typed = lines[row].startsWith("$") ? ' class="typed"' : ""
    return `<text x="16" y="${row * step + 30}"${typed}>${line}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<style>${terminalLook}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${rows.join("\n")}
</svg>
`
}

const linesOf = (picture) =>
  comparable([...picture.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, line]) => line))

/** Returns the differences between a picture and new sessions of its commands; some are killed early on a busy machine. */
const differences = (file, label, commands, attempts = 3) => {
  const [drawn, now] = [readFileSync(file, "utf8"), draw(label, commands)].map((picture) =>
    linesOf(picture),
  )
  if (drawn.join("\n") === now.join("\n")) return []
  if (attempts > 1) return differences(file, label, commands, attempts - 1)
  return [
    `${file} is not what the commands print`,
    ...drawn.filter((line) => !now.includes(line)).map((line) => `  drawn: ${line}`),
    ...now.filter((line) => !drawn.includes(line)).map((line) => `  now: ${line}`),
  ]
}

const pictures = [
  [join(root, "session.svg"), "A session of aelyst create in a terminal", creates],
  [join(root, "import.svg"), "A session of aelyst import in a terminal", imports],
]
if (process.argv.includes("--check")) {
  report(
    pictures.flatMap(([file, label, commands]) => differences(file, label, commands)),
    `${pictures.length} sessions go as their pictures say`,
  )
} else {
  for (const [file, label, commands] of pictures) writeFileSync(file, draw(label, commands))
}
