// Makes docs/reliability.md, and a sentence of the README, from the results in docs/reliability, which the campaigns wrote that
// really ran. docs.mjs writes them, and with --check compares.
import { existsSync, globSync, readFileSync } from "node:fs"
import { basename } from "node:path"

import { code, table } from "./generated.mjs"

const count = (value) => value.toLocaleString("en-US")

/** Describes each campaign: what it does, and the figure of the table. `main` names the counts of that figure. */
const campaigns = {
  scenarios: {
    title: "Scenarios",
    text: "Every adapter, from core over five HTTP clients to the command, plays the sandbox's table of responses: statuses, headers, bodies, delays and cut connections, under both delivery policies. Each must report what the table says, and the server must have received what it says. The problems are tests that failed.",
    main: ["tests", "scenarios"],
  },
  "wire-faults": {
    title: "Faults of the network",
    text: "Real sockets that refuse, reset, stall, truncate, send garbage or close an idle connection at the moment of a request, and redirects. The judge is what the server received: nothing is created twice, and no lost response counts as created. The problems are tests that failed.",
    main: ["tests", "faults of the network"],
  },
  "import-kills": {
    title: "Kills of an import",
    text: "The packed command imports a file and is killed with SIGKILL, at random moments and at every system call on its journal, until one start of it ends unharmed; the API rejects contacts that exist, merges them or creates them again. Every row must be accounted for once, and what was reported must be what the server knows.",
    main: ["kills", "kills of an import"],
  },
  "power-cuts": {
    title: "Power cuts",
    text: "The system calls of a process that writes a journal are recorded. After each of them the power is cut: what was not synced is lost, kept, or kept in part with torn sectors. Each such disk is opened, and must hold every plan, every request that left and every reported outcome. The controls do not sync as the journal does.",
    main: ["states of the disk", "power cuts"],
  },
  "damaged-journals": {
    title: "Damaged journals",
    text: "Journals with flipped bits and cut ends either open at a state that they were in, or are refused. And sequences of commands and crashes do what a model of a run does.",
    main: ["damaged files", "damaged journals"],
  },
  "spoiled-files": {
    title: "Spoiled files",
    text: "Files of contacts are cut, mixed, recoded and spoiled byte by byte. Each must be read to its end, or refused with a typed error, which has a line unless it is about the whole file; memory stays flat. Nine more are 2 GB on one line.",
    main: ["spoiled files", "spoiled files"],
  },
  schedules: {
    title: "Schedules of an import",
    text: "Imports on a virtual clock with random rows, random faults of the API and processes that end in the middle. Every summary must add up, and agree with the server.",
    main: ["schedules", "schedules of an import"],
  },
  "outbox-kills": {
    title: "Kills of an outbox",
    text: "Two processes share an outbox, on SQLite and on Postgres; they are killed and paused at random moments, and the database crashes. Every accepted contact must end once, and be created once where identifiers are unique.",
    main: [["SQLite: kills and pauses", "Postgres: kills and pauses"], "kills of an outbox"],
  },
  "shared-limit": {
    title: "One rate limit for several processes",
    text: "Four processes share a limit through Redis and through Postgres while the store crashes, freezes, is emptied or loses its connections, and while clocks are wrong. The server counts the requests and the 429s. Stores with a broken rule must be noticed. The problems are tests that failed.",
    main: ["tests", "runs with a shared limit"],
  },
}

const files = () => globSync("docs/reliability/*.json").toSorted()

/** Reads the results in the order of the page. */
const readResults = () => {
  for (const file of files()) {
    if (!(basename(file, ".json") in campaigns))
      throw new Error(`${file}: scripts/reliability.mjs does not describe this campaign`)
  }
  return Object.entries(campaigns)
    .map(([name, campaign]) => ({ name, ...campaign, file: `docs/reliability/${name}.json` }))
    .filter(({ file }) => existsSync(file))
    .map((campaign) => ({ ...campaign, ...JSON.parse(readFileSync(campaign.file, "utf8")) }))
}

const triedIn = ({ counts, file, main: [names, words] }) => {
  const sum = [names].flat().reduce((all, name) => all + counts[name], 0)
  if (Number.isNaN(sum)) throw new Error(`${file} has no count of ${names}`)
  return `${count(sum)} ${words}`
}

const controlsIn = ({ controls }) => {
  const noticed = Object.values(controls)
  if (noticed.length === 0) return "–"
  return `${noticed.filter((problems) => problems > 0).length} of ${noticed.length}`
}

const durationOf = ({ seconds }) =>
  seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`

const section = (result) => {
  const { command, commit, controls, counts, date, node, problems, seeds, text, title } = result
  const rows = [...Object.entries(counts), ["problems", problems]]
  const broken = Object.entries(controls)
  const noticed = `\nPrograms that are wrong on purpose, and how many problems the same judge noticed in each:\n\n${table(
    ["Control", "Problems noticed"],
    broken.map(([name, seen]) => [name, count(seen)]),
  )}\n`
  return `## ${title}

${text}

${table(
  ["Figure", "Count"],
  rows.map(([name, number]) => [name, count(number)]),
)}
${broken.length === 0 ? "" : noticed}
Commit ${code(commit)}, Node.js ${node}, ${date}, ${durationOf(result)}. Seeds: ${seeds}. To repeat it:

\`\`\`console
$ ${command}
\`\`\`
`
}

const page = (results) => `# Reliability

<!-- generated by scripts/docs.mjs from the results in docs/reliability; the words are in scripts/reliability.mjs -->

What was done to break the promises of these packages, and how it ended. A campaign injects faults, and compares the reports of
the program with the requests that the server received. Some campaigns have controls, which break a promise on purpose: a judge that did not notice them would judge nothing.

Each row was written by the command that repeats it, on one machine, and names the newest commit of the packages' sources at that time:
results do not change when the code does. Nothing was tested against the live service.

${table(
  ["Campaign", "Tried", "Problems", "Controls noticed", "Commit", "Node.js", "Date"],
  results.map((result) => [
    `[${result.title}](#${result.title.toLowerCase().replaceAll(" ", "-")})`,
    triedIn(result),
    count(result.problems),
    controlsIn(result),
    code(result.commit),
    result.node,
    result.date,
  ]),
)}

From a clone, \`npm run build\` comes first. What needs a database or \`strace\` needs the packages that
\`node scripts/system-packages.mjs\` lists.

${results.map(section).join("\n")}`

/** Adds the page; returns the sentence about all campaigns. */
export const writeReliability = (outputs) => {
  const results = readResults()
  outputs.set("docs/reliability.md", page(results))
  const problems = results.reduce((sum, result) => sum + result.problems, 0)
  const tried = results.map(triedIn)
  const rest = tried.length > 1 ? `${tried.slice(0, -1).join(", ")} and ` : ""
  return `${count(problems)} problems in ${rest}${tried.at(-1)}.`
}
