// Flags English that reads as translated, in messages, documents, docstrings, comments, test names and changesets, and
// prints what to write instead. It knows phrases, not grammar: text that it passes can still be read aloud and improved.
// A document that shows such phrases on purpose puts them between <!-- english:off --> and <!-- english:on -->.
import { readFileSync } from "node:fs"
import { matchesGlob } from "node:path"
import { Visitor } from "oxc-parser"

import {
  declaresTests,
  filesOf,
  isGenerated,
  lineCounter,
  parse,
  report,
  textOf,
} from "./sources.mjs"

/** The phrases, in which a space is any white space, and what to write instead. */
const phrases = [
  [/\b(whoever|whomever)\b/, "name the person or the program: the caller, a program that …"],
  [/\b(nobody|no one|everybody|somebody|anybody)\b/, "name the person: no caller, another program"],
  [
    /(?<!\bdecides? |\bshows? |\bknows? )\bwho (is|has|was|needs?|wants?|left|asks?|reads?|listens|looks|uses)\b/,
    "the caller that …",
  ],
  [
    /\b(of|for|with|by|from|into|to|than|in|on|at|over|as|like) what\b/,
    "name the thing: the value, the requests that …",
  ],
  [
    /\bwhat (became|comes?|came|is known) of\b|\bcame to what\b|\bwhat (it|they|an? \w+|its \w+) (came|comes) to\b/,
    "the outcome of",
  ],
  [/\bmakes? no sense\b/, "is invalid"],
  [/(?<!\bthere )\b(is|are|was|were|be) none\b|\bnone (that|such)\b/, "is not a …, there is no …"],
  [
    /\bis no [a-z]+ (such|of|that)\b|\bis no (HTTP|JSON|answer|contact|date|error|limit|number|object|reason)\b/,
    "is not a …",
  ],
  [/\bof (its|their|our|your|his|her|my|one's) own\b/, "leave it out, or name the contrast"],
  [/\bnot as (it|they) should\b|\bas (it|they) should be\b/, "say what is wrong"],
  [/ alone(?=[.,;:)'"`]|\n|$)/, "only"],
  [/\bin other than\b|\bother than as\b/, "non-…, not as …"],
  [
    /(?<!\b(?:place|file|line|point|folder|offset|position|step|page|table) |\b(?:from|to|says?|shows?|knows?|records|see|tells?|holds?|stays?|left) )\bwhere (it|there|they|one|none|nothing|nobody|you|we|the|an?|no|its|that|this)\b(?! (?:is|are) (?:used|read|written|defined|declared|needed|called|created)\b)/,
    "if, when",
  ],
  [/\blooks? (whether|before|again)\b/, "check whether, check before"],
  [/\bwhole numbers?\b/, "integer"],
  [/\b(for|of) (its|their|the) rate\b(?! limit)/, "rate limited"],
  [/\b(in|into) line\b(?! [\d$])|\bplaces? in (the )?line\b/, "in the queue"],
  [/\bthe processor\b/, "CPU"],
  [/\bat one go\b/, "at once, in one step"],
  [/\banew\b|\bonce more\b/, "again"],
  [
    /\blet(s|ting)? (it|them|one|no [a-z]+|nothing|requests?|us) go\b|\b(is|are|was|were|be) let go\b|\bmay go\b/,
    "send, close",
  ],
  [/\bneeds? not\b(?! (?:be|have) (?:to|done))/, "does not have to, can skip"],
  [/\b(is|are) to (be|end|go|wait|run|hold|keep|have|see|say)\b/, "must"],
  [/\b(the|its|a) least\b(?! (?:of|recently))/, "minimum, smallest"],
  [/\bby itself\b/, "automatically, without …"],
  [/\b(goes|go|went|going) on\b(?! to)/, "continue"],
  [
    /\bstands? (in|at|before|behind|beside|between|for itself|first|last|there|where|on|still)\b/,
    "is",
  ],
  [/\bbeside\b/, "next to, in addition to"],
  [/\bnot certain\b/, "we could not confirm"],
  [
    /\b(meets?|met) (it|them|an?|no|all|the|every|\d+)\b|\b(is|are|was|were) met\b/,
    "gets, hits, runs into",
  ],
  [/\bholds? [\w`]+( [\w`]+)? to (it|them|the|what|its|bounds|one)\b/, "checks … against"],
  [/\btakes long\b/, "takes a long time"],
  [/\ball the same\b/, "anyway"],
  [
    /\b(refuses?|refusal|refused)\b(?=[^.;]{0,40}\b(429|rate)\b)|\b429\b[^.;]{0,20}\brefus/,
    "rate limited",
  ],
]

/** The first words of a docstring. */
const docstrings = [
  [/^(gives?|tells?|says?)\b/, "Returns, Reports, Prints"],
  [/^makes?\b/, "Creates"],
  [/^(looks?|asks?)\b/, "Checks, Requests"],
  [/^(what|who|where)\b/, "begin with a verb, or a noun for a value"],
]

/** The first words of a test's name, which finishes a sentence that begins with "it". */
const testNames = [
  [
    /^(that|which|whose|where|what|who|whoever|nothing|nobody)\b/,
    "begin with a verb: sends nothing when …",
  ],
]

/** Texts that are right although a phrase matches, with their files and the reason. */
const exceptions = []

const inText = (pattern) => new RegExp(pattern.source.replaceAll(" ", String.raw`\s+`), "gi")
const rules = phrases.map(([pattern, instead]) => [inText(pattern), instead])
const found = []
const used = new Set()

/** Notes a text that a phrase matches, unless it is an exception. */
const flag = (file, line, text, instead) => {
  const shown = text.replaceAll(/\s+/g, " ").trim()
  const exception = exceptions.find(
    (one) => one.text.test(shown) && one.files.some((glob) => matchesGlob(file, glob)),
  )
  if (exception === undefined) found.push({ file, line, text: `${shown} -> ${instead}` })
  else used.add(exception)
}

/** Checks the prose of a file: a text as long as the file, in which everything else is blanked out. */
const checkProse = (file, prose) => {
  const lineOf = lineCounter(prose)
  const shown = prose.replaceAll(/<!-- english:off -->.*?<!-- english:on -->/gs, (part) =>
    part.replaceAll(/[^\n]/g, " "),
  )
  for (const [pattern, instead] of rules) {
    for (const { 0: phrase, index } of shown.matchAll(pattern)) {
      const from = Math.max(0, shown.lastIndexOf(blank, index) + 1, index - 40)
      const to = shown.indexOf(blank, index)
      const end = Math.min(to === -1 ? shown.length : to, index + phrase.length + 40)
      flag(
        file,
        lineOf(index),
        shown.slice(from, end),
        `${phrase.replaceAll(/\s+/g, " ").trim()}: ${instead}`,
      )
    }
  }
}

/** Separates two texts, so that no phrase is found across them. */
const blank = "\u0001"

const withoutEscapes = (text) => text.replaceAll(/\\[nrt]/g, "  ")

const checkCode = (file) => {
  const { text, comments, program, lineOf } = parse(file)
  const prose = [...text.replaceAll(/\S/g, blank)]
  const show = (start, end, write = (part) => part) => {
    const part = write(text.slice(start, end))
    for (let at = 0; at < part.length; at++) prose[start + at] = part[at]
  }
  for (const { type, start, end, value } of comments) {
    // the stars and slashes are no part of the text
    show(start, end, (part) =>
      part.replaceAll(/^\/\/|^\/\*+|\*+\/$|(?<=\n\s*)\*/g, (mark) => " ".repeat(mark.length)),
    )
    if (type !== "Block" || !value.startsWith("*")) continue
    const words = value.replaceAll(/^[\s*]+/g, "")
    for (const [pattern, instead] of docstrings) {
      const [phrase] = new RegExp(pattern.source, "i").exec(words) ?? []
      if (phrase !== undefined)
        flag(file, lineOf(start), words.slice(0, 60), `${phrase}: ${instead}`)
    }
  }
  const isTest = /(^|\/)test\//.test(file)
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === "string") show(node.start + 1, node.end - 1, withoutEscapes)
    },
    TemplateElement: (node) => show(node.start, node.end, withoutEscapes),
    CallExpression: ({ callee, arguments: [first] }) => {
      const name = isTest && declaresTests(callee) ? textOf(first) : undefined
      for (const [pattern, instead] of name === undefined ? [] : testNames) {
        const [phrase] = pattern.exec(name) ?? []
        if (phrase !== undefined) flag(file, lineOf(first.start), name, `${phrase}: ${instead}`)
      }
    },
  }).visit(program)
  checkProse(file, prose.join(""))
}

const code = filesOf(
  "{packages,apps}/*/{src,test,inspector,scripts,consumers,public}/**/*.{ts,mts,cts,mjs,cjs,js}",
  "{packages,apps}/*/*.{ts,mjs}",
  "scripts/*.mjs",
  "*.ts",
).filter((file) => !isGenerated(file))
const documents = filesOf(
  "*.md",
  ".changeset/*.md",
  ".github/**/*.md",
  "docs/**/*.md",
  "packages/*/README.md",
  "packages/*/inspector/*.html",
  "packages/*/src/**/*.json",
  "{.,packages/*,apps/*}/package.json",
  ".ci/run",
  ".github/workflows/*.yml",
)
for (const file of code) checkCode(file)
for (const file of documents) checkProse(file, readFileSync(file, "utf8"))

const problems = [...code, ...documents].flatMap((file) =>
  found
    .filter((one) => one.file === file)
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, text }) => `${file}:${line} ${text}`),
)
for (const one of exceptions) {
  if (!used.has(one)) problems.push(`no text needs this exception: ${one.text}`)
}
report(
  problems,
  `${code.length} sources and ${documents.length} documents without a phrase that reads as translated`,
)
