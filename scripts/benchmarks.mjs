// Makes docs/benchmarks.md, and a sentence of the README, from the results in docs/benchmarks, which apps/bench wrote. docs.mjs
// writes them, and with --check compares.
import { existsSync, globSync, readFileSync } from "node:fs"
import { basename } from "node:path"

import { code, numbersTable } from "./generated.mjs"

/** Describes each part, in the order of the page. */
const parts = {
  overhead: {
    title: "Overhead of one create",
    text: "CPU and wall time of the client's process per create, as a ratio to raw undici (`request` and `JSON.parse`) in the same run: the median over rounds in which all clients take turns in random order. The server is a bare `node:http` handler in a separate process. The core rows and `@aelyst/node` validate the contact, queue, lock the key, enforce deadlines and interpret the response; the others do not.",
  },
  outbox: {
    title: "The outbox",
    text: "Accepting a form and sending what was accepted, as ratios to minimal programs that do the same work on the same store, in the same run: an Express route that parses JSON and makes one durable insert, and two processes that claim rows, post them and end them, without intents, leases that are renewed, or retries. The API is down while contacts are accepted, and has no limit while they are sent.",
  },
  express: {
    title: "Overhead of a request through Express",
    text: "CPU time of the app's process per request, as a ratio to a bare Express route that parses JSON and calls raw undici, in the same run. The second row is the same route with `@aelyst/node` instead of undici; the difference between it and a row below is the cost of that handler. The API is the bare server of the table above.",
  },
  pacing: {
    title: "Pacing",
    text: "300 creates against real HTTP servers with about 30 ms of jittery latency. Each cell is _makespan over ideal · 429s · contacts lost_; the ideal is a client that knows the server's state. `@aelyst/core` knows nothing about the server; it may wait for an hour and resend a rate-limited request 100 times, as a run would. p-throttle, bottleneck and p-queue know limit and window, the retry loop does not; these four resend a rate-limited request up to three times, after `Retry-After`. Effect's `withRateLimiter` knows limit and window, and resends without a bound. If the limit changes, the clients know the first one.",
  },
  "pacing-virtual": {
    title: "Pacing in virtual time",
    text: "The state machine of the pacer, told nothing, against simulated servers and networks, so that the figures are the same on every machine. Rows with a limit make 300 creates at ten phases of the server's window, with 1, 10 and 50 in flight: the median time over ideal at the worst of the three, and the most 429s of any run. The others show the worst of twenty runs for each disturbance.",
  },
  shared: {
    title: "One limit for four processes",
    text: "Four processes with one token create contacts against real HTTP servers with about 30 ms of jittery latency. In the first table, each cell is _makespan over ideal · 429s · fairness_: the ideal is one client that knows the server's state, and fairness is Jain's index of the contacts that each process had created after half of the time (1 is equal). In the last one, each cell is _makespan over ideal · 429s · contacts lost_. The SDK is told nothing but the number of processes; bottleneck (with its Redis store), Effect's `withRateLimiter` (on Effect's Redis store) and rate-limiter-flexible (its queue, over Redis) are told limit and window. bottleneck and rate-limiter-flexible resend a rate-limited request up to three times, after `Retry-After`; Effect resends without a bound. Run it while the machine does nothing else: it needs `redis-server` and PostgreSQL, and takes about 15 minutes.",
  },
  sandbox: {
    title: "Sandbox",
    text: "Creates over 32 connections; the load and the servers run in separate processes. The sandbox checks the token, counts against a limit, decodes and validates the body, looks the contact up, stores it and logs the request. A bare `node:http` handler reads the body and parses its JSON. The two take turns; the first two figures are medians of the ratios to the adjacent round of the bare handler. The sandbox stores every contact of the run; the last two figures compare its latencies at the end of the run with those at the beginning.",
  },
  cli: {
    title: "Start of the command",
    text: "Time from start to exit of the built `aelyst`, as a ratio to `node -e 0` in the same run: complete processes, in turn, in a different order each round, with Node's compile cache filled. `create` includes the request and its response. The fastest round is closest to an idle machine.",
  },
  memory: {
    title: "Memory of a long run",
    text: "`createMany` over a million generated contacts with `concurrency` 32, in its own process; the server runs in another one and has no limit. The live heap after a garbage collection is measured in a run of a tenth of that. The size of the process (RSS) is measured with a heap of 64 MB (`--max-old-space-size=64`), and without a cap: most of it is then V8's young generation, which grows to its full size at some point after the first thousands of requests. Raw undici runs with 32 workers.",
  },
  xlsx: {
    title: "Workbooks",
    text: "A workbook of 100,000 contacts in 8 columns, with shared texts and dates, is read by `read` of `@aelyst/import` and by read-excel-file, in turn and each in its own process. The size of the process is the largest that the system reports.",
  },
  size: {
    title: "Size and start",
    text: "The size of core in a browser bundle, minified and gzipped; the size of the published bundle of `@aelyst/node`, without undici, which is a dependency; and the time of `import` in a fresh process, as a ratio to that of undici, which `@aelyst/node` also loads.",
  },
  check: {
    title: "Check of a file",
    text: "A file of contacts is read, mapped and checked: phone numbers in five forms, addresses, countries, duplicates. The two parts that cost most run alone over the same rows, each in its own process.",
  },
  import: {
    title: "Import",
    text: "The built `aelyst import` over a file of valid contacts, against the sandbox in another process; what it received and created is what counts, by its ledger. An import is stopped three times as by Ctrl-C, and resumed: before its first request, the command checks the file again and finds the first row that is not done. Without a limit, the same file is imported with the journal and as a stream, which keeps none. At 100 per second, the time is compared with that of a client that knows the state of the limiter. The cost of the journal is measured for one row after the other, as at a low rate: at a high one, several rows share a sync.",
  },
  workers: {
    title: "Imports of several workers",
    text: "Three worker processes send one import from Postgres to the sandbox: at the limit of a usual token, and while workers are killed and frozen and the database crashes. What the server received, by its ledger, is compared with the journal: every row ends, none is sent without an intent, and none is sent twice unless it was in flight at a fault.",
  },
  "workers-deploy": {
    title: "Deploy of workers",
    text: "While three worker processes send one import, each gets a successor and SIGTERM, one after the other. The longest time between two requests is that of the sandbox's ledger. At 200 per second a window that is used up is silent for most of its second, too.",
  },
  "workers-large": {
    title: "Large imports of several workers",
    text: "Three worker processes with a heap of 64 MB (`--max-old-space-size=64 --max-semi-space-size=8`) send an import to the sandbox, which takes 2 to 20 ms for a response. The size is that of the whole database at the end, without the write-ahead log, compared with one that holds the same contacts, loaded by COPY. Server, workers and database share the machine. It takes about 35 minutes.",
  },
}

const fileOf = (name) => `docs/benchmarks/${name}.json`

const resultOf = (name) => JSON.parse(readFileSync(fileOf(name), "utf8"))

const withUnit = (value, unit) =>
  `${value.toLocaleString("en-US", { maximumFractionDigits: 3 })}${unit === undefined ? "" : ` ${unit}`}`

const isReached = ({ atLeast = -Infinity, atMost = Infinity, value }) =>
  value >= atLeast && value <= atMost

const goalsTable = (goals) => {
  const reached = goals.filter(isReached).length
  const rows = goals.map((goal) => {
    const { atLeast, atMost, name, unit, value } = goal
    const aim =
      atMost === undefined
        ? `at least ${withUnit(atLeast, unit)}`
        : `at most ${withUnit(atMost, unit)}`
    return [name, withUnit(value, unit), aim, isReached(goal) ? "yes" : "**no**"]
  })
  return `${reached} of ${goals.length} goals are reached:

${numbersTable(["Goal", "Measured", "Aim", "Reached"], rows)}`
}

const blockOf = (block) =>
  typeof block === "string" ? block : numbersTable(block.head, block.rows)

const section = (name) => {
  const { blocks, command, commit, cores, date, goals, node } = resultOf(name)
  const { text, title } = parts[name]
  return [
    `## ${title}`,
    text,
    ...(goals.length > 0 ? [goalsTable(goals)] : []),
    ...blocks.map(blockOf),
    `Commit ${code(commit)}, Node.js ${node}, ${cores} cores, ${date}. To repeat it:`,
    `\`\`\`console\n$ ${command}\n\`\`\``,
  ].join("\n\n")
}

const page = (names) => `# Benchmarks

<!-- generated by scripts/docs.mjs from the results in docs/benchmarks; the words are in scripts/benchmarks.mjs -->

The costs of the packages, compared with other ways to do the same, and with their goals, the missed ones included. Most figures are ratios
within one run, because absolute times say more about the machine than about the code.

Each section was written by the command that repeats it, on one machine, and names the newest commit of the packages' sources at that time.
\`npm run pnpm -- bench\` runs all of them.

${names.map(section).join("\n\n")}
`

/** Returns the median of a client's CPU time over that of raw undici, one of each look at the overhead. */
const times = (client) => {
  const column = "CPU, 32 in flight"
  const figures = resultOf("overhead")
    .blocks.filter(({ head }) => head !== undefined)
    .flatMap(({ head, rows }) =>
      rows.filter(([name]) => name === client).map((cells) => Number(cells[head.indexOf(column)])),
    )
    .toSorted((a, b) => a - b)
  if (figures.length === 0 || figures.some(Number.isNaN))
    throw new Error(`${fileOf("overhead")} has no figures of ${client}`)
  return figures[(figures.length - 1) >> 1].toFixed(1)
}

/** Adds the page; returns the sentence about the cost of a create. */
export const writeBenchmarks = (outputs) => {
  for (const file of globSync(fileOf("*"))) {
    if (!(basename(file, ".json") in parts))
      throw new Error(`${file}: scripts/benchmarks.mjs does not describe this part`)
  }
  const measured = Object.keys(parts).filter((name) => existsSync(fileOf(name)))
  outputs.set("docs/benchmarks.md", page(measured))
  return `A create with \`@aelyst/node\` takes ${times("@aelyst/node")} times the CPU time of raw undici, with 32 in flight; the global \`fetch\` takes ${times("global fetch")}, got ${times("got")} and axios ${times("axios")}.`
}
