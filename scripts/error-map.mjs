// Draws docs/pictures/errors.svg: each way in which a create fails, with the class of its error, the outcome for the contact,
// the exit code of the command and the status of a form. Nothing in it is written by hand: each row is a run of the SDK, of
// the command and of Express against a sandbox. With --check it writes nothing and fails if the picture differs.
import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { writeAll } from "./generated.mjs"
import { box, label, line, page, widthOf } from "./picture.mjs"
import { report } from "./sources.mjs"

const source = (file) => import(pathToFileURL(join("packages", file)).href)
const { Sandbox } = await source("sandbox/src/index.ts")
const { Aelyst } = await source("node/src/index.ts")
const { createContact } = await source("express/src/index.ts")
const express = createRequire(join(process.cwd(), "packages/express/package.json"))("express")

/** The ways to fail: the identifier or the settings that lead there, and its name in the picture. */
const cases = [
  { name: "not a valid contact", identifier: "email:ana@" },
  { name: "no time left to send", identifier: "id:1", deadlineMs: 1 },
  { name: "no connection", identifier: "id:1", baseUrl: "http://127.0.0.1:9/v1" },
  { name: "400", preset: "400" },
  { name: "401", preset: "401" },
  { name: "429", preset: "429" },
  { name: "404", preset: "404" },
  { name: "500", preset: "500" },
  { name: "200 with a web page", preset: "portal" },
  { name: "a redirect", preset: "302" },
  { name: "the connection breaks", preset: "drop" },
  { name: "no response in time", preset: "stall", timeoutMs: 1_000 },
]

/** Returns the exit code of `aelyst create`. */
const exitOf = (identifier, { baseUrl, token }, { deadlineMs, timeoutMs }) =>
  new Promise((resolve) => {
    const flags = ["--retries", "0", "--base-url", baseUrl]
    if (timeoutMs !== undefined) flags.push("--timeout", `${timeoutMs}ms`)
    if (deadlineMs !== undefined) flags.push("--deadline", `${deadlineMs}ms`)
    const command = ["packages/cli/src/bin.ts", "create", identifier, "--first-name", "Ana"]
    const env = { ...process.env, AELYST_TOKEN: token, HOME: "/nonexistent", NO_COLOR: "1" }
    execFile(process.execPath, [...command, ...flags], { env }, (error) =>
      resolve(error === null ? 0 : error.code),
    )
  })

/** Returns the status of a form that creates the contact. */
const statusOf = async (identifier, client) => {
  const app = express()
  app.use(express.json())
  const contact = createContact({
    client,
    checks: false,
    log: () => {},
    errors: "respond",
    map: () => ({ firstName: "Ana" }),
    identifyBy: () => identifier,
  })
  app.post("/", contact)
  const server = app.listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const url = `http://127.0.0.1:${server.address().port}/`
  const headers = { "content-type": "application/json" }
  const { status } = await fetch(url, { method: "POST", headers, body: "{}" })
  server.closeAllConnections()
  server.close()
  return status
}

/** Runs one way to fail with the SDK, the command and Express, each in its own sandbox. */
const run = async ({ name, preset, identifier = `email:${preset}@sandbox.test`, ...given }) => {
  await using sandbox = await Sandbox.start({ limit: 1_000 })
  const settings = { token: sandbox.tokens.ok, baseUrl: given.baseUrl ?? sandbox.baseUrl }
  const { deadlineMs, timeoutMs } = given
  const times = {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  }
  const client = new Aelyst({ ...settings, ...times, retries: 0 })
  const failed = await client.contacts.tryCreate(identifier, { firstName: "Ana" })
  if (failed.ok) throw new Error(`${name}: the contact was created`)
  const status = await statusOf(identifier, client)
  const exit = await exitOf(identifier, settings, times)
  await client.close({ timeoutMs: 100 })
  return { name, error: failed.error.name, outcome: failed.error.outcome, exit, status }
}

const rows = await Promise.all(cases.map(run))

// the outcome says what to do next, so rows with the same one are together
const outcomes = [
  ["not_sent", "room", "safe to send again"],
  ["rejected", "failed", "correct it, or wait"],
  ["unknown", "wing", "find out first"],
]
const columns = [
  { x: 24, title: "What happened" },
  { x: 230, title: "Error" },
  { x: 468, title: "outcome" },
  { x: 660, title: "Exit code" },
  { x: 760, title: "Form" },
]
const [what, error, outcome, exit, status] = columns.map(({ x }) => x)
const height = 26
const parts = columns.map(({ x, title }) => label(x, 34, title, "title"))
let y = 48
for (const [name, kind, next] of outcomes) {
  const group = rows.filter((row) => row.outcome === name)
  const top = y
  for (const row of group) {
    const middle = y + height / 2
    parts.push(
      label(what, middle + 5, row.name),
      line(
        [
          [what + widthOf(row.name) + 6, middle],
          [error - 8, middle],
        ],
        "far",
      ),
      label(error, middle + 5, row.error, "code"),
      line(
        [
          [error + widthOf(row.error, 12) + 16, middle],
          [outcome - 8, middle],
        ],
        "far",
      ),
      label(exit, middle + 5, String(row.exit), "code"),
      label(status, middle + 5, String(row.status), "code"),
    )
    y += height
  }
  const size = { x: outcome, y: top + 2, width: 160, height: group.length * height - 4 }
  parts.push(
    box(size, kind),
    label(outcome + 12, top + 18, name, "code"),
    ...(group.length > 1 ? [label(outcome + 12, top + 38, next, "soft")] : []),
  )
  y += 12
}
const title = "How a create can fail, and what each failure means for the contact"
const picture = page(900, y + 8, title, parts)

report(
  writeAll(new Map([["docs/pictures/errors.svg", picture]])),
  `${rows.length} ways to fail end as the picture says`,
)
