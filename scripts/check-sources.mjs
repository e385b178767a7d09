// Checks rules that the linter does not know: no `any`, no `!`, no skipped or focused test, a comment at every cast that
// says why it is safe, a test that names each fact of the wire (W1 to W10), nothing left to do, no path of one machine,
// every test run by a script, and workflows with no more rights than they need.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { parseSync, Visitor } from "oxc-parser"

import { declaresTests, lineCounter, textOf } from "./sources.mjs"

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(file))
const problems = []
const facts = new Set(Array.from({ length: 10 }, (_, index) => `W${index + 1}`))
const counts = { casts: 0, tests: 0, sources: 0 }

const forbidden = new Set(["skip", "only", "todo", "skipIf", "runIf", "fails", "fail"])

const checkSource = (file, text) => {
  counts.sources++
  const { program, comments, errors } = parseSync(file, text)
  if (errors.length > 0) problems.push(`${file}: ${errors[0].message}`)
  const lineOf = lineCounter(text)
  const say = (node, what) => problems.push(`${file}:${lineOf(node.start)} ${what}`)
  const reasons = new Set(
    comments
      .filter((comment) => /\bsafe\b/.test(comment.value))
      .map((comment) => lineOf(comment.end)),
  )
  // a comment of several lines counts by its last line: extend it over the line comments that follow it
  for (const comment of comments) {
    const line = lineOf(comment.start)
    if (comment.type === "Line" && reasons.has(line - 1)) {
      const before = text.slice(text.lastIndexOf("\n", comment.start) + 1, comment.start)
      if (before.trim() === "") reasons.add(line)
    }
  }
  const statements = []
  const explained = (offset) => reasons.has(lineOf(offset)) || reasons.has(lineOf(offset) - 1)
  const checkCast = (node) => {
    const type = node.typeAnnotation
    if (type.type === "TSTypeReference" && type.typeName.name === "const") return
    counts.casts++
    // at or above the cast, its `as`, or the innermost statement or member that holds it
    const holder = statements.filter((one) => one.start <= node.start && node.end <= one.end).at(-1)
    const offsets = [node.start, type.start, holder?.start ?? node.start]
    if (!offsets.some(explained)) say(node, "a cast without a comment that says why it is safe")
  }
  const test = /(^|\/)test\//.test(file)
  const call = (node) => {
    const words = declaresTests(node.callee) ? textOf(node.arguments[0]) : undefined
    if (!test || words === undefined || words === "") return
    counts.tests++
    for (const fact of words.match(/\bW\d+\b/g) ?? []) facts.delete(fact)
    for (const [, from, to] of words.matchAll(/\bW(\d+) to W(\d+)\b/g)) {
      for (let fact = Number(from); fact <= Number(to); fact++) facts.delete(`W${fact}`)
    }
  }
  const hold = (node) => statements.push(node)
  new Visitor({
    ExpressionStatement: hold,
    VariableDeclaration: hold,
    ReturnStatement: hold,
    ThrowStatement: hold,
    IfStatement: hold,
    Property: hold,
    PropertyDefinition: hold,
    ArrowFunctionExpression: (node) => {
      if (node.expression) hold(node.body)
    },
    TSAsExpression: checkCast,
    TSTypeAssertion: checkCast,
    TSAnyKeyword: (node) => say(node, "any"),
    TSNonNullExpression: (node) => say(node, "a non-null assertion"),
    CallExpression: call,
    MemberExpression: (node) => {
      const property = node.computed ? undefined : node.property.name
      if (test && forbidden.has(property) && declaresTests(node)) {
        say(node, `a test that is marked .${property}`)
      }
    },
  }).visit(program)
  if (file.startsWith("packages/core/src/") && /["']node:/.test(text)) {
    problems.push(`${file}: core uses nothing of Node's`)
  }
}

// written so that this file does not break its own rules
const leftover = /\b(?:TOD[O]|FIXM[E]|XX[X])\b/
const machine = /(?:^|[^A-Za-z0-9.:/])\/(?:work|farm|root|home|Users|tmp)\/[A-Za-z._]/m
const host = /https?:\/\/[^\s/"'`]*(?:registry|artifactory|verdaccio|nexus)[^\s/"'`]*/i
const binary = /\.(png|jpg|gif|ico|woff2?)$/

for (const file of files) {
  if (binary.test(file)) continue
  const text = readFileSync(file, "utf8")
  if (/^(packages|apps)\/.*\.(ts|mts|cts|tsx)$/.test(file)) checkSource(file, text)
  if (file === "pnpm-lock.yaml") {
    if (/tarball: /.test(text))
      problems.push(`${file}: a package that does not come from the registry`)
    continue
  }
  if (file.startsWith(".github/workflows/")) {
    if (!/^permissions:\n {2}contents: read$/m.test(text)) {
      problems.push(`${file}: starts with more than the permission to read`)
    }
    if (text.includes("pull_request_target"))
      problems.push(`${file}: runs strangers' code with our rights`)
  }
  for (const [index, line] of text.split("\n").entries()) {
    const where = `${file}:${index + 1}`
    if (/\buses: /.test(line) && file.startsWith(".github/") && !/@[0-9a-f]{40} # v\d/.test(line)) {
      problems.push(`${where} an action that is not pinned by its commit`)
    }
    if (leftover.test(line)) problems.push(`${where} something left to do`)
    if (machine.test(line)) problems.push(`${where} a path of one machine`)
    if (host.test(line)) problems.push(`${where} the host of a registry`)
  }
}
// a test that no script runs proves nothing
const owners = { test: new Set(), "test:system": new Set(), "test:stress": new Set() }
for (const file of files) {
  const [, owner, folder] =
    /^([^/]+\/[^/]+)\/test\/(?:(system|stress)\/)?.*\.test\.ts$/.exec(file) ?? []
  if (owner !== undefined) owners[folder === undefined ? "test" : `test:${folder}`].add(owner)
}
for (const file of files.filter((one) => /^(packages|apps)\/[^/]+\/package\.json$/.test(one))) {
  const { scripts = {} } = JSON.parse(readFileSync(file, "utf8"))
  for (const [script, having] of Object.entries(owners)) {
    if (script in scripts !== having.has(dirname(file))) {
      problems.push(`${file}: the script ${script} and tests for it go together`)
    }
  }
}

for (const fact of facts) problems.push(`no test names ${fact}`)
if (counts.tests === 0) problems.push("no test was found, so nothing was proved")

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(
  `${files.length} files: ${counts.sources} sources, ${counts.casts} casts with a reason, ${counts.tests} tests and groups`,
)
