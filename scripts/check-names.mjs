// Checks the names: one word for one thing. No type, function, property, variable, file, public string or test name uses a
// word that was given up; members are hidden with `#`, not `private`; the barrels rename nothing. Names are split into
// their words, so `retryLine` is found as well as `line`. Exceptions are listed below with their reason, and only as long
// as something needs them.
import { basename, matchesGlob } from "node:path"
import { Visitor } from "oxc-parser"

import { declaresTests, filesOf, isGenerated, parse, report, textOf } from "./sources.mjs"

/** The words given up: a pattern over the words of a name in lower case, joined by spaces, and what to write instead. */
const words = [
  [/\blines?\b/, "queue"],
  [/\b(refusals?|refused)\b/, "rateLimited (429), RequestError (Express), rejected"],
  [/\banswers?\b/, "response"],
  [/\b(spots?|places?)\b/, "ticket"],
  [/\btaken\b/, "permit"],
  [/\bdrips?\b/, "refill"],
  [/\bwhole\b/, "fixedWindow"],
  [/(?<!\b(in|single) )\bflights?\b/, "inFlight"],
  [/(?<!\btransport )\bprobes?\b/, "transportProbe, trial (breaker), scout (pacer)"],
  [/\blanes?\b/, "sharedState"],
  [/\bturns?\b/, "keyLease"],
  [/\bpass(es)?\b/, "breakerPermit"],
  [/\bcall trace\b/, "CallRecord"],
  [/^known$/, "CallRecord", ["type", "property", "method"]],
  [/\btold\b/, "effect"],
  [/\bafterwards\b/, "beforeResend"],
  [/\bsteps\b/, "loop"],
  [/\bfinish\b/, "recordAttempt"],
  [/\bmend(s|ed)?\b/, "fix"],
  [/\b(bends?|bent)\b/, "applyFault"],
  [/\bheal(s|ed)?\b/, "clearFaults"],
  [/\bswell(s|ed)?\b/, "compress"],
  [/\bpour(s|ed)?\b/, "write"],
  [/\bnot let go\b/, "NOT_SENT"],
  [/\brow states?\b/, "outcome"],
]

/** The same in sentences, where most of the words are plain English: only what stands for the thing itself. */
const phrases = [
  [/\b(in|into) line\b(?! [\d$])|\b(place|spot)s? in (the )?line\b/i, "queue"],
  [/\brefus(al|als|ed|es|e)\b(?=.*\b(429|rate)\b)|\b429\b.*\brefus/i, "rate limited"],
  [/\b(an?|the|its|this|each|every|no|stray|late) answers?\b|\bthat answer\b/i, "response"],
  [/(?<!\btransport )\bprobes?\b/i, "trial (breaker), scout (pacer)"],
  [/\blanes?\b/i, "shared state"],
  [/(?<!\bin |\bsingle )\bflights?\b/i, "in flight"],
  [
    /\b(mend|bend|heal|swell|pour|drip)(s|ed|ing)?\b|\b(bent|dripping)\b/i,
    "fix, applyFault, write",
  ],
  [/\bNOT_LET_GO\b/, "NOT_SENT"],
]

/** The uses of these words that are right: which names, in which files, and why. */
const exceptions = [
  {
    names: /^([a-z]+L|l)ines?(Of|Counter)?$|^Line$/,
    files: ["scripts/*.mjs", "packages/cli/scripts/picture.mjs", "apps/smoke/run.mjs"],
    why: "lines of files and of output",
  },
  {
    names: /^(lines?|jsonLine|logLine|rowLine|ProgressLines|headerLine|(--)?header-line)$/,
    files: ["packages/cli/src/**", "packages/cli/test/*.ts"],
    why: "lines that the command prints or reads, and those of files",
  },
  {
    names: /^(lines?|requestLine)$/,
    files: ["packages/sandbox/src/{api/DataFile,cli/Console,server/FaultyWriter}.ts"],
    why: "lines of a file, of the console and of HTTP",
  },
  {
    names: /(^l|L|-l)ines?(?![a-z])|^_aelyst_line$/,
    files: ["packages/import/{src,test}/**", "packages/workflow/{src,test}/**"],
    why: "lines of the files that are imported",
  },
  {
    names: /^get(Dependency)?ReleaseLine$/,
    files: ["scripts/changelog.mjs"],
    why: "the interface of changesets",
  },
  {
    names: /^lines?$/,
    files: ["scripts/release-check.mjs"],
    why: "lines of documents",
  },
  { names: /^HubSpot$/, files: ["packages/import/src/map/Preset.ts"], why: "the product" },
  {
    names: /^(csvL|jsonL|l)ine$/,
    files: [
      "packages/journal/{src,test}/**",
      "apps/{smoke/consumers/journal.mjs,bench/src/import-journal.ts}",
    ],
    why: "lines of the input and of an export",
  },
  {
    names: /^(RowState|state)$/,
    files: ["packages/journal/src/{recordTypes,RunTables}.ts"],
    why: "a planned row, and one that is being sent, have no outcome yet",
  },
  { names: /^LogLine$/, files: ["packages/node/src/optionTypes.ts"], why: "a line of a log" },
  {
    names: /^(lines?|parseLine)$/,
    files: ["apps/{demo,docs-test,conformance}/src/**", "apps/{demo,docs-test}/test/**"],
    why: "lines of files, of output and of HTTP",
  },
  {
    names: /^probe$/,
    files: [
      "packages/core/src/call/{Attempt,CreateCall,TransportProbe}.ts",
      "packages/core/test/Attempt.test.ts",
      "packages/node/src/transport/*.ts",
      "packages/node/test/exchange.ts",
      "packages/sandbox/src/effect.ts",
    ],
    why: "a TransportProbe",
  },
  {
    names: /^contact_refused$/,
    files: [
      "packages/core/src/errors/VisitorTable.ts",
      "packages/express/src/Status.ts",
      "apps/conformance/test/scenarios-express.test.ts",
    ],
    why: "a public code of a rejected contact, not of a 429",
  },
  {
    names: /^(BODY|ORIGIN|PROXY)_REFUSED$/,
    files: ["packages/node/src/transport/Transport.ts"],
    why: "causes of failed attempts, named like ECONNREFUSED",
  },
]

const sources = filesOf(
  "{packages,apps}/*/src/**/*.{ts,mts,cts}",
  "packages/*/inspector/**/*.ts",
  "{.,packages/*}/scripts/**/*.mjs",
  "apps/smoke/**/*.{mjs,cjs,js,ts}",
).filter((file) => !isGenerated(file))
const tests = filesOf("{packages,apps}/*/test/**/*.ts")

const problems = []
const used = new Set()
const isException = (name, file) => {
  const fitting = exceptions.flatMap(({ names, files }) =>
    names.test(name)
      ? files.filter((glob) => matchesGlob(file, glob)).map((glob) => `${names} ${glob}`)
      : [],
  )
  for (const exception of fitting) used.add(exception)
  return fitting.length > 0
}

/** Splits a name into its words: `AELYST_WaitLine` into `aelyst wait line`. */
const wordsOf = (name) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replaceAll(/[^A-Za-z0-9]+/g, " ")
    .toLowerCase()

const checkName = (where, file, name, kind) => {
  const split = wordsOf(name)
  for (const [pattern, instead, kinds] of words) {
    if (!pattern.test(split) || (kinds !== undefined && !kinds.includes(kind))) continue
    if (!isException(name, file)) problems.push(`${where} ${kind} ${name} -> ${instead}`)
    return
  }
}
const checkText = (where, file, text, kind) => {
  // the file has its own name checked
  if (/^\.\.?\//.test(text)) return
  // a text of one word is a name: of a reason, a state, a code
  if (/^[\w.:/@-]+$/.test(text)) return checkName(where, file, text, kind)
  for (const [pattern, instead] of phrases) {
    const [found] = pattern.exec(text) ?? []
    if (found === undefined) continue
    if (isException(found, file)) continue
    problems.push(
      `${where} ${kind} "${text.trim().replaceAll(/\s+/g, " ").slice(0, 90)}": ${found} -> ${instead}`,
    )
    return
  }
}

const nameOf = (node) => node.name ?? node.value

const check = (file, isTest) => {
  const { program, lineOf } = parse(file)
  const at = (node) => `${file}:${lineOf(node.start)}`
  const add = (node, name, kind) => checkName(at(node), file, name, kind)
  const keysOfPatterns = new Set()
  /** Checks every name that a pattern binds; those of tests are local to a few lines. */
  const bind = (node, kind) => {
    if (node === null || node === undefined) return
    switch (node.type) {
      case "Identifier":
        return isTest ? undefined : add(node, node.name, kind)
      case "ObjectPattern":
        return node.properties.forEach((property) => {
          // the key is a name of the value that is taken apart
          keysOfPatterns.add(property)
          bind(property.type === "RestElement" ? property.argument : property.value, kind)
        })
      case "ArrayPattern":
        return node.elements.forEach((element) => bind(element, kind))
      case "AssignmentPattern":
        return bind(node.left, kind)
      case "RestElement":
        return bind(node.argument, kind)
    }
  }
  const key = (kind) => (node) => {
    if (node.accessibility === "private" && node.kind !== "constructor")
      problems.push(`${at(node)} private: hide it with #`)
    if (node.computed || node.shorthand || keysOfPatterns.has(node)) return
    if (node.key.type !== "Literal") add(node.key, node.key.name, kind)
    // in sources it is checked with the other texts
    else if (isTest) checkText(at(node.key), file, String(node.key.value), kind)
  }
  const declared = (kind) => (node) => {
    if (node.id !== null) add(node.id, node.id.name, kind)
  }
  const called = (node) => {
    if (node.id !== null && node.id !== undefined) add(node.id, node.id.name, "function")
    node.params?.forEach((parameter) => bind(parameter, "parameter"))
  }
  const row = (node) => {
    declared("type")(node)
    const members = node.body?.body ?? node.typeAnnotation?.members ?? []
    if (!node.id.name.startsWith("Row")) return
    for (const one of members) {
      if (one.key?.name === "state" && !isException("state", file))
        problems.push(`${at(one)} property state of a row -> outcome`)
    }
  }
  const rename = (local, exported, node) => {
    if (file.startsWith("packages/") && local !== exported) {
      problems.push(`${at(node)} export renames ${local} to ${exported}: rename the thing itself`)
    }
  }
  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      const isFunction = /^(Arrow)?FunctionExpression$/.test(init?.type ?? "")
      if (id.type === "Identifier" && isFunction) add(id, id.name, "function")
      else bind(id, "variable")
    },
    CatchClause: ({ param }) => bind(param, "variable"),
    FunctionDeclaration: called,
    FunctionExpression: called,
    ArrowFunctionExpression: called,
    ClassDeclaration: declared("type"),
    TSInterfaceDeclaration: row,
    TSTypeAliasDeclaration: row,
    TSEnumDeclaration: declared("type"),
    Property: key("property"),
    PropertyDefinition: key("property"),
    AccessorProperty: key("property"),
    MethodDefinition: key("method"),
    TSPropertySignature: key("property"),
    TSMethodSignature: key("method"),
    ImportNamespaceSpecifier: ({ local }) => bind(local, "variable"),
    ImportSpecifier: ({ imported, local }) => {
      if (nameOf(imported) !== local.name) bind(local, "variable")
    },
    ExportNamedDeclaration: ({ specifiers }) => {
      for (const one of specifiers) rename(nameOf(one.local), nameOf(one.exported), one)
    },
    ExportAllDeclaration: (node) => {
      if (node.exported !== null) {
        rename(basename(node.source.value, ".ts"), nameOf(node.exported), node)
      }
    },
    CallExpression: ({ callee, arguments: [first] }) => {
      const text = isTest && declaresTests(callee) ? textOf(first) : undefined
      if (text !== undefined) checkText(at(first), file, text, "test")
    },
    Literal: (node) => {
      if (!isTest && textOf(node) !== undefined) checkText(at(node), file, node.value, "text")
    },
    TemplateLiteral: (node) => {
      if (!isTest) checkText(at(node), file, textOf(node), "text")
    },
  }).visit(program)
}

for (const file of [...sources, ...tests]) {
  checkName(file, file, basename(file).replace(/\..*$/, ""), "file")
  check(file, tests.includes(file))
}
for (const { names, files } of exceptions) {
  for (const glob of files) {
    if (!used.has(`${names} ${glob}`))
      problems.push(`no name needs this exception: ${names} in ${glob}`)
  }
}

report(
  problems,
  `${sources.length} sources and ${tests.length} tests name things as agreed, with ${exceptions.length} groups of exceptions`,
)
