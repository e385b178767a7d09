// Records an import in a pseudo-terminal as docs/pictures/import-session.json: what it printed and when, and when which requests
// arrived at the sandbox. Another program uses up the rate limit once, so that the import gets a 429; then it is killed with
// kill -9 and resumed. scripts/import-session.mjs draws from it. The package of the command must be built. With --check it writes
// nothing, and fails if the new record differs from the one that was drawn by more than times and rates.
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { pathToFileURL } from "node:url"

import { differences } from "./session-record.mjs"
import { report } from "./sources.mjs"

const { Sandbox } = await import(pathToFileURL(join("packages/sandbox", "src/index.ts")).href)
const bin = join(process.cwd(), "packages/cli/dist/bin.js")
const [rows, columns] = [60, 97]
// the rows that exist when the other program begins, and when the import is killed
const [crowdedAt, killedAt] = [14, 33]
const names = ["Ana", "Bo", "Cy", "Dee", "Eva", "Finn"]
const people = Array.from(
  { length: rows },
  (_, index) => `${names[index % names.length]},person${index + 1}@example.com,Malaysia`,
)

const home = mkdtempSync(join(tmpdir(), "aelyst-session-"))
const pidFile = join(home, "pid")
writeFileSync(join(home, "people.csv"), `First name,Email,Country\n${people.join("\n")}\n`)
writeFileSync(
  join(home, "aelyst"),
  `#!/bin/sh\necho $$ > ${pidFile}\nexec "${process.execPath}" "${bin}" "$@"\n`,
)
chmodSync(join(home, "aelyst"), 0o755)
const commands = ["aelyst import people.csv --yes", "aelyst resume --yes"]
const lines = commands.map((command) => `printf '%s\\n' '$ ${command}'\n${command}\nsleep 0.7`)
const session = join(home, "session")
writeFileSync(session, `cd ${home}\nstty cols ${columns}\n${lines.join("\n")}\nexit 0\n`)

await using sandbox = await Sandbox.start({ limit: 10, windowMs: 1_000, latencyMs: [20, 60] })
const began = performance.now()
const now = () => Math.round(performance.now() - began)
const output = []
const requests = new Map()
let killed
let crowded = false
let count = 0

const isLimited = ({ by, status }) => by === "import" && status === 429
const gotLimited = () => [...requests.values()].some(isLimited)

/** Uses up the limit, as any other program with the same account may, until the import gets a 429. */
const crowd = async () => {
  while (!gotLimited()) {
    // as the next window of the limit begins
    await sleep(1_000 - (sandbox.now() % 1_000) + 2)
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        fetch(`${sandbox.baseUrl}/contact/email:other${index}@example.com`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${sandbox.tokens.ok}`,
            "content-type": "application/json",
          },
          body: JSON.stringify({ firstName: "Other" }),
        }),
      ),
    )
  }
}

sandbox.subscribe((event) => {
  if (event.type === "request" || event.type === "response") {
    const { identifier, phase, result, seq, status } = event.request
    const before = requests.get(seq) ?? { at: now() }
    requests.set(seq, {
      ...before,
      by: identifier?.startsWith("email:other") ? "other" : "import",
      ...(status !== undefined && { status }),
      ...(result !== undefined && { result }),
      phase,
    })
  }
  if (event.type !== "contact" || event.contact.identifier.startsWith("email:other")) return
  count += 1
  if (count >= crowdedAt && !crowded) {
    crowded = true
    void crowd()
  }
  if (count < killedAt || !gotLimited() || killed !== undefined) return
  killed = now()
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL")
})

const child = spawn("/usr/bin/env", ["script", "-qefc", `sh ${session}`, "/dev/null"], {
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    HOME: home,
    TERM: "xterm-256color",
    SHELL: "/bin/sh",
    PATH: [home, process.env.PATH].join(delimiter),
    AELYST_BASE_URL: sandbox.baseUrl,
    AELYST_TOKEN: sandbox.tokens.ok,
  },
})
child.stdout.setEncoding("utf8").on("data", (text) =>
  output.push({
    at: now(),
    text: text.replaceAll(/session: line \d+: +\d+ Killed.*/g, "Killed"),
  }),
)
const [code] = await once(child, "close")
rmSync(home, { recursive: true, force: true })
if (code !== 0 || killed === undefined) throw new Error(`the session ended with ${code}`)
const ledger = sandbox.ledger().filter(({ key }) => key.includes("person"))
const recorded = {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  rows,
  columns,
  killed,
  created: ledger.filter((entry) => entry.created === 1).length,
  createdTwice: ledger.filter((entry) => entry.created > 1).length,
  requests: [...requests.values()],
  output,
}
const file = "docs/pictures/import-session.json"
const totals = `${recorded.created} of ${rows} created, ${recorded.createdTwice} twice, ${recorded.requests.filter(isLimited).length} × 429`
if (process.argv.includes("--check"))
  report(
    differences(JSON.parse(readFileSync(file, "utf8")), recorded),
    `a new import goes as the picture says: ${totals}`,
  )
else {
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 1)}\n`)
  console.log(totals)
}
