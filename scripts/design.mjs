// Draws docs/design.md from the imports: pictures of the packages, of the wings of core and of one call, and the figures
// of core. With --check it writes nothing and fails if a file differs, if a figure is over its limit, or if a module that
// the document names does not exist.
import { existsSync, readFileSync } from "node:fs"
import { posix } from "node:path"

import { code, filled, table, writeAll } from "./generated.mjs"
import { packageArrows, wings } from "./house-rules.mjs"
import { arrowsBetween, cyclesOf, floorsOf, importGraph } from "./import-graph.mjs"
import { drawFloors, drawFlow } from "./picture.mjs"
import { filesOf, isBarrel, parse, report, withoutComments } from "./sources.mjs"

const core = "packages/core/src"
const problems = []

/** Breaks a list of words into lines of at most about the same length. */
const wrapped = (words, separator, most = 44) => {
  const broken = [""]
  for (const word of words) {
    const last = broken.at(-1)
    if (last === "") broken[broken.length - 1] = word
    else if (last.length + separator.length + word.length > most) broken.push(word)
    else broken[broken.length - 1] = last + separator + word
  }
  return broken
}

// the packages

const manifests = filesOf("packages/*/package.json")
const packages = manifests.map((file) => file.split("/")[1])
const described = manifests.map((file) => JSON.parse(readFileSync(file, "utf8")))
const drawnPackages = described.map(({ name, description }, index) => ({
  id: packages[index],
  title: name,
  kind: "room",
  lines: wrapped(description.split(" "), " "),
}))
const packageImports = importGraph(filesOf("packages/*/src/**/*.ts")).imports
const packageOf = (file) => file.split("/")[1]
const betweenPackages = arrowsBetween(packageImports, packageOf)
for (const name of packages) if (!betweenPackages.has(name)) betweenPackages.set(name, new Set())

// the rooms of core

const coreFiles = filesOf(`${core}/**/*.ts`)
/** Returns the wing of a module, or its own name at the top; undefined for types and declarations. */
const roomOf = (file) => {
  const [, room] = new RegExp(`^${core}/([^/]+?)(?:/|\\.ts$)`).exec(file) ?? []
  return room === "types" || file.endsWith(".d.ts") ? undefined : room
}
const coreImports = importGraph(coreFiles).imports
const entries = coreFiles.filter((file) => posix.dirname(file) === core && isBarrel(file))
const isEntry = new Set(entries)
const rooms = arrowsBetween(coreImports, (file) => (isEntry.has(file) ? "entries" : roomOf(file)))
const modulesOf = (room) =>
  coreFiles.filter((file) => roomOf(file) === room).map((file) => posix.basename(file, ".ts"))
const countOf = (arrows) => [...arrows.values()].reduce((sum, targets) => sum + targets.size, 0)

if (cyclesOf(rooms).length > 0 || cyclesOf(betweenPackages).length > 0) {
  throw new Error("there is a cycle, which cannot be drawn: run node scripts/check-cycles.mjs")
}
const floors = floorsOf(rooms)
const lines = coreFiles
  .filter((file) => !file.startsWith(`${core}/types`))
  .flatMap((file) => withoutComments(parse(file)).split("\n"))
  .filter((text) => text.trim() !== "").length
const figures = {
  rooms: rooms.size,
  arrows: countOf(rooms),
  strict: countOf(arrowsBetween(coreImports, roomOf)),
  floors: Math.max(...floors.values()),
  lines,
}
const limits = { arrows: 25, floors: 6, lines: 9_070 }

const describe = {
  contact: ["what a caller passes: checked, and turned", "into the body of the request"],
  errors: ["the nine classes, their table, the headers", "of the rate limit, and redaction"],
  pacing: ["when the next request may be sent,", "learned from the API's responses"],
  call: ["one call, from the key lock to its end"],
  testing: ["for the tests of programs: a client", "without a network, results and errors"],
  AelystClient: ["the service: create, validate, createMany"],
  AelystApi: ["the contract of the API"],
  CreateMany: ["many contacts as a stream"],
  RateLimitSchedule: ["the schedule, to compose other programs"],
}
const drawnRooms = [...rooms.keys()].toSorted().map((id) => {
  if (id === "entries") {
    const names = entries.map((file) => posix.basename(file, ".ts"))
    return {
      id,
      title: "entries",
      kind: "room",
      lines: ["re-export from the rest:", ...wrapped(names, " · ")],
    }
  }
  return id in wings.core.wings
    ? {
        id,
        title: `${id}/`,
        kind: "wing",
        lines: [...(describe[id] ?? []), ...wrapped(modulesOf(id), " · ")],
      }
    : { id, title: id, kind: "room", lines: describe[id] ?? [] }
})

// one call

const loop = "call/CreateCall.ts"
const stages = [
  {
    id: "validate",
    title: "Validate",
    module: "contact/Contact.ts",
    words: "All issues at once; with an issue nothing is sent.",
  },
  {
    id: "key",
    title: "Key lock",
    module: "call/KeyLock.ts",
    words: "One request at a time for one identifier.",
  },
  {
    id: "breaker",
    title: "Circuit breaker",
    module: "call/CircuitBreaker.ts",
    words: "While the API is down, no call joins the queue.",
  },
  {
    id: "queue",
    title: "Queue",
    module: "pacing/Pacer.ts",
    words: "First come, first served; only the pacer waits for a 429.",
  },
  {
    id: "head",
    title: "Circuit breaker again",
    module: "call/CircuitBreaker.ts",
    words: "At the head of the queue: if it is open by now, the permit goes back.",
  },
  {
    id: "gate",
    title: "Attempt gate",
    module: "call/AttemptGate.ts",
    words: "A program can record the attempt first, or stop it.",
  },
  {
    id: "send",
    title: "Send",
    module: "call/SendAttempt.ts",
    words: "One attempt within its deadlines; records how far it got.",
  },
  {
    id: "verdict",
    title: "Verdict",
    module: "call/ResponseVerdict.ts",
    words: "Status, headers and body become a success or one failure.",
  },
  {
    id: "next",
    title: "Next step",
    module: "call/RetryPolicy.ts",
    words: "The delivery policy decides: send again, done or failed.",
  },
  // the gate is drawn as soon as its module exists; the others must exist
].filter(({ id, module }) => id !== "gate" || existsSync(`${core}/${module}`))
const loops = [
  { from: "head", to: "queue", words: ["the circuit is open:", "wait, then queue again"] },
  {
    from: "next",
    to: "queue",
    words: [
      "send again: after a 429 the pacer",
      "waits, else a backoff; always",
      "through the queue",
    ],
  },
]
const ends = [
  { title: "Done", words: "created, or exists after doubt", kind: "done" },
  { title: "Failed", words: "one of the nine errors", kind: "failed" },
]
/** The modules that the loop of a call reaches, its own attempt and state included. */
const reached = new Set([`${core}/${loop}`])
for (const file of reached) {
  for (const { from, to } of coreImports) if (from === file) reached.add(to)
}
for (const { title, module } of stages) {
  const file = `${core}/${module}`
  if (!existsSync(file)) problems.push(`the stage "${title}" names ${file}, which does not exist`)
  else if (!reached.has(file)) {
    problems.push(`the stage "${title}" names ${file}, which ${loop} does not reach`)
  }
}

// the map of decisions

const decisions = [
  {
    question: "How long does a call wait after a 429?",
    file: `${core}/pacing/RateLimitWait.ts`,
    holds: /rateLimitWaitMs/,
  },
  {
    question: "Is a create sent again when its response was lost?",
    file: `${core}/call/RetryPolicy.ts`,
    holds: /natural-key/,
  },
  {
    question: 'What does "the contact exists" mean?',
    file: `${core}/call/ResponseVerdict.ts`,
    holds: /already exist/,
  },
  {
    question: "What is the minimum of `timeout`?",
    file: `${core}/call/OptionTable.ts`,
    holds: /\btimeout:/,
  },
  {
    question: "Which sentence does a visitor read with a 504?",
    file: "packages/express/src/Status.ts",
    holds: /\b504\b/,
  },
  {
    question: "How early is the next request sent?",
    file: `${core}/pacing/Admission.ts`,
    holds: /"Admit"/,
  },
]
for (const { file, holds } of decisions) {
  if (!existsSync(file)) problems.push(`docs/design.md names ${file}, which does not exist`)
  else if (!holds.test(readFileSync(file, "utf8"))) {
    problems.push(`docs/design.md says that ${file} decides something, but it lacks ${holds}`)
  }
}

const link = (file, text = posix.basename(file)) => `[${code(text)}](../${file})`
const upToHundred = (count) => (Math.ceil(count / 100) * 100).toLocaleString("en")
const blocks = {
  packages: table(
    ["Package", "Purpose"],
    described.map(({ name, description }) => [code(name), description]),
  ),
  arrows: `\`\`\`text
${Object.entries(packageArrows)
  .filter(([name]) => packages.includes(name))
  .map(
    ([name, may]) =>
      `${name.padEnd(8)} -> ${may.filter((one) => packages.includes(one)).join(", ") || "effect only"}`,
  )
  .join("\n")}
apps     -> any package
tests    -> also sandbox and the servers of apps/conformance; tests of core import no other package
\`\`\``,
  figures: table(
    ["Figure of core", "Now", "Limit"],
    [
      ["rooms", String(figures.rooms), ""],
      ["arrows between them", String(figures.arrows), String(limits.arrows)],
      ["floors: the longest chain of arrows", String(figures.floors), String(limits.floors)],
      [
        "lines of code, rounded up; no comments, no blanks, without the types",
        upToHundred(figures.lines),
        limits.lines.toLocaleString("en"),
      ],
    ],
  ),
  stages: stages
    .map(
      ({ title, module, words }, index) =>
        `${index + 1}. **${title}** (${link(`${core}/${module}`)}). ${words}`,
    )
    .join("\n"),
  decisions: table(
    ["Question", "Decided in"],
    decisions.map(({ question, file }) => [
      question,
      link(file, file.replace("packages/", "").replace("/src/", "/")),
    ]),
  ),
}

const outputs = new Map([
  [
    "docs/pictures/packages.svg",
    drawFloors(
      "Packages, and which package uses which",
      drawnPackages,
      betweenPackages,
      floorsOf(betweenPackages),
    ),
  ],
  [
    "docs/pictures/core.svg",
    drawFloors("Inside @aelyst/core: wings, and modules at the top", drawnRooms, rooms, floors),
  ],
  ["docs/pictures/call.svg", drawFlow(`One call, run by ${loop}`, stages, loops, ends)],
])
let text = readFileSync("docs/design.md", "utf8")
for (const [name, content] of Object.entries(blocks)) {
  const done = filled("docs/design.md", text, name, "scripts/design.mjs", content)
  if (done === undefined) problems.push(`docs/design.md has no block ${name}`)
  else text = done
}
outputs.set("docs/design.md", text)
for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
  const file = posix.join("docs", target)
  if (!existsSync(file) && !outputs.has(file)) {
    problems.push(`docs/design.md links to ${file}, which does not exist`)
  }
}
for (const [name, limit] of Object.entries(limits)) {
  if (figures[name] > limit) {
    problems.push(`core has ${figures[name]} ${name}, more than ${limit}`)
  }
}
report(
  [...problems, ...writeAll(outputs)],
  `core has ${figures.rooms} rooms, ${figures.arrows} arrows (${figures.strict} with each entry as a room), ${figures.floors} floors, ${figures.lines} lines of code`,
)
