// Writes the generated files: docs/openapi.json from the contract, the man page of the command, docs/errors.md and the tables
// of the READMEs from core's table of errors, a page for each code of the command, docs/reliability.md, docs/benchmarks.md
// and the figures of the READMEs from results, benchmarks and sizes, and the version that a package tells the API. With --check it writes
// nothing and fails if a file differs.
import { globSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

import { writeBenchmarks } from "./benchmarks.mjs"
import { writeErrorPages } from "./error-pages.mjs"
import { code, filled, table, writeAll } from "./generated.mjs"
import { writeInstallSizes } from "./install-size.mjs"
import { writeOptionTables } from "./option-tables.mjs"
import { writeReliability } from "./reliability.mjs"
import { report } from "./sources.mjs"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = (file) => import(pathToFileURL(join(root, "packages", file)).href)
const core = (module) => source(`core/src/${module}`)
// effect as core resolves it: the contract and OpenApi must come from one copy
const resolve = createRequire(join(root, "packages/core/package.json")).resolve
const OpenApi = await import(pathToFileURL(resolve("effect/http-api/OpenApi")).href)
const { AelystApi } = await core("AelystApi.ts")
const { errorTable, errorTags } = await core("errors/ErrorTable.ts")
const { issueRules } = await core("contact/Issue.ts")
const { exitOf, exitTable } = await source("cli/src/ExitCode.ts")
const { rowFixes, rowRules } = await source("cli/src/RowCode.ts")
const { manPage } = await source("cli/src/ManPage.ts")

/** Returns the exit codes that an error can end the command with. */
const exits = (tag) => {
  // the code of a call that ended in doubt is that of its newest error
  const lasts =
    tag === "OutcomeUnknownError" ? [undefined, { _tag: "InternalServerError" }] : [undefined]
  const codes = lasts.map((last) => exitTable[exitOf({ _tag: tag, last })].code)
  return [...new Set(codes)].toSorted().join(" or ")
}

/** Numbers travel as text in headers, so the contract describes them as strings; here they get their meaning (W8). */
const headers = {
  "retry-after": ["Retry-After", "Number of seconds until you can retry the request.", 1],
  "x-ratelimit-limit": ["X-RateLimit-Limit", "Number of requests allowed for this endpoint.", 10],
  "x-ratelimit-remaining": [
    "X-RateLimit-Remaining",
    "Number of requests remaining for this endpoint.",
    5,
  ],
}

/** The published example of each documented response (W5 to W9). */
const examples = {
  ContactCreated: { code: "200", message: "Contact added successfully!" },
  BadRequest: { code: 400, message: "Validation error." },
  Unauthorized: { code: 401, message: "UN_AUTHORIZED" },
  TooManyRequests: { code: 429, message: "Too Many Requests" },
  InternalError: { code: 500, message: "Unexpected error occurred" },
}

/** Corrects the derived document to match the vendor's page; each step is a blemish of the derivation. */
const correct = (document) => {
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    // the API is not known to refuse other members, and answers may carry more
    delete schema.additionalProperties
    const field = schema.properties?.code
    // the page gives the type of a code and one example, no list of values; a literal number is derived as `number`
    if (field?.enum !== undefined) {
      schema.properties.code = {
        type: field.type === "number" ? "integer" : "string",
        examples: field.enum,
      }
    }
    if (name in examples) schema.examples = [examples[name]]
  }
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path)) {
      for (const response of Object.values(operation.responses)) {
        if (response.headers === undefined) continue
        response.headers = Object.fromEntries(
          Object.keys(response.headers).map((name) => {
            const known = headers[name]
            if (known === undefined) throw new Error(`no words for the header ${name}`)
            const [title, description, example] = known
            return [title, { description, required: false, schema: { type: "number" }, example }]
          }),
        )
      }
    }
  }
  for (const name of Object.keys(examples)) {
    if (!(name in document.components.schemas)) throw new Error(`the contract has no ${name}`)
  }
  document.components.securitySchemes.bearer.scheme = "bearer"
  document.security = [{ bearer: [] }]
  document.externalDocs = {
    description: "The facts of the vendor's page, and the decisions of this project for the rest",
    url: "https://github.com/aelyst/aelyst/blob/main/docs/wire.md",
  }
  // a stable order of the schemas, in whatever order they are found
  document.components.schemas = Object.fromEntries(
    Object.entries(document.components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  return document
}

const overview = (link) =>
  table(
    ["Error", "When", "Outcome", "Resent automatically", "Exit code", "Express"],
    errorTags.map((tag) => {
      const { when, outcomes, resent, visitorStatus } = errorTable[tag]
      return [
        `[${code(tag)}](${link}#${tag.toLowerCase()})`,
        when,
        outcomes.map(code).join(", "),
        resent,
        exits(tag),
        String(visitorStatus),
      ]
    }),
  )

/** Returns a link to the page of a code. */
const linked = (name) => `[${code(name)}](errors/${name}.md)`

const errorsPage = () => {
  const sections = errorTags.map((tag) => {
    const { when, outcomes, resent, meaning, fix, visitorStatus } = errorTable[tag]
    return `## ${tag}

${when}.

- Outcome: ${outcomes.map(code).join(" or ")}
- Resent automatically: ${resent}
- For the contact: ${meaning}
- Exit code of \`aelyst create\`: ${exits(tag)}
- Status of \`@aelyst/express\` for a visitor: ${visitorStatus}
- What to do: ${fix}
`
  })
  const issues = table(
    ["Code", "Rule"],
    Object.entries(issueRules).map(([name, rule]) => [
      linked(name),
      // bare underscores would be read as emphasis
      rule.replaceAll("__proto__", code("__proto__")),
    ]),
  )
  const rows = table(
    ["Code", "Rule", "What to do"],
    Object.entries(rowRules).map(([name, rule]) => [linked(name), rule, rowFixes[name]]),
  )
  return `# Errors

<!-- generated by scripts/docs.mjs; the words are in packages/core/src/errors/AelystError.ts and ErrorTable.ts, and in contact/Issue.ts -->

Every create that fails, fails with one of nine classes. Each has the \`outcome\` for the contact:

- \`not_sent\`: no byte of the request left, so sending it again is safe.
- \`rejected\`: the API answered and did not create the contact.
- \`unknown\`: the contact may or may not exist. Check whether it exists before you retry: search for it in the Aelyst app. If identifiers are
  unique there, \`natural-key\` resends without creating the contact twice.

${overview("")}

Every error also has \`attempts\`, a list with the phase, the status or cause, and the times of each attempt. No error holds the
token, the URL or a value of the contact in its message, its JSON or its inspection.

${sections.join("\n")}
## Rules

\`InvalidContactError\` lists its \`issues\`. Each has a \`path\`, one of these codes, the rule in words, and perhaps a
suggestion; never the value.

${issues}

## Rows of a file

\`aelyst import\` checks each row by the rules above, and by these:

${rows}

A row that was sent can have the code of its error: \`API_REJECTED\`, \`OUTCOME_UNKNOWN\`, \`SERVER_ERROR\`, \`RATE_LIMITED\`,
\`UNAUTHORIZED\` or \`NETWORK\`. \`aelyst errors CODE\` explains every code, and so does its page in [errors](errors).
`
}

const outputs = new Map([
  ["docs/openapi.json", `${JSON.stringify(correct(OpenApi.fromApi(AelystApi)), null, 2)}\n`],
  ["docs/errors.md", errorsPage()],
  ["packages/cli/man/aelyst.1", await manPage()],
])

for (const file of ["README.md", ...globSync("packages/*/README.md")]) {
  // packages are read on the registry too, and a relative link leads nowhere there
  const link =
    file === "README.md"
      ? "docs/errors.md"
      : "https://github.com/aelyst/aelyst/blob/main/docs/errors.md"
  const text = readFileSync(file, "utf8")
  const filledIn = filled(file, text, "errors", "scripts/docs.mjs", overview(link))
  if (filledIn !== undefined) outputs.set(file, filledIn)
}

await writeOptionTables(outputs, source)
const figures = `${writeReliability(outputs)} ${writeBenchmarks(outputs)}`
const readme = outputs.get("README.md")
outputs.set("README.md", filled("README.md", readme, "figures", "scripts/docs.mjs", figures))
writeInstallSizes(outputs)
const stale = await writeErrorPages(outputs, source)

// a release changes only package.json
for (const file of globSync("packages/*/src/version.ts")) {
  const { version } = JSON.parse(readFileSync(join(file, "../../package.json"), "utf8"))
  const text = readFileSync(file, "utf8")
  outputs.set(file, text.replace(/version = "[^"]*"/, `version = "${version}"`))
}

report([...stale, ...writeAll(outputs)], `${outputs.size} generated files are as the sources say`)
