import { stripVTControlCharacters } from "node:util"

import { assert, describe, it } from "@effect/vitest"

import { importEnds } from "../importEnds.ts"
import type { Importing } from "../importing.ts"
import { csv, importing, people } from "../importing.ts"
import { startInTerminal } from "../process.ts"

/** Starts the packed command in a terminal, in the directory of the test. */
const started = (test: Importing, args: ReadonlyArray<string>) =>
  startInTerminal(args, { cwd: test.home.path, env: test.env })

/** Runs the command; each answer is typed when its question is there. */
const session = async (
  test: Importing,
  args: ReadonlyArray<string>,
  ...answers: ReadonlyArray<readonly [question: string, answer: string]>
) => {
  const running = started(test, args)
  for (const [question, answer] of answers) {
    await running.until(({ stdout }) => stdout.includes(question))
    running.child.stdin.write(`${answer}\n`)
  }
  const { code, stdout } = await running.ended
  return { code, raw: stdout, text: stripVTControlCharacters(stdout).replaceAll("\r\n", "\n") }
}

const leads = [
  "Name of person;Mobile;Email",
  "Ana;012-345 6789;ana@example.com",
  "Bo;12-34;",
  "Cy;;cy@",
  "Di;;di@example.com",
  "",
].join("\n")

describe.concurrent("in a terminal, an import", () => {
  it("takes a newcomer from a wrong file to the last contact", async () => {
    await using test = await importing()
    test.write("leads.csv", leads)
    // only the person knows which column holds the name
    const wrong = await session(test, ["import", "leads.csv", "--default-country", "MY"])
    assert.strictEqual(wrong.code, 2)
    assert.include(wrong.text, "no column holds the first name")
    assert.include(wrong.text, "--map 'firstName=")

    const map = ["--default-country", "MY", "--map", "firstName=Name of person"]
    const mapped = await session(test, ["import", "leads.csv", ...map], ["[y/N]", "y"])
    assert.strictEqual(mapped.code, 9, mapped.text)
    // values are for a terminal
    assert.match(mapped.text, /line 3 +col "Mobile" +PHONE_INVALID +"12-34" +too short for MY/)
    assert.include(mapped.text, "Create 2 contacts at 127.0.0.1:")
    assert.include(mapped.text, "About 1s at 10/s. [y/N]")
    assert.include(mapped.text, "4 rows = 2 created + 2 invalid")

    const rejects = test.read("leads.rejects.csv")
    test.write(
      "leads.rejects.csv",
      rejects.replace("12-34", "+60123456780").replace("cy@;", "cy@example.com;"),
    )
    const fixed = await session(test, ["import", "leads.rejects.csv", ...map], ["[y/N]", "y"])
    assert.strictEqual(fixed.code, 0, fixed.text)
    assert.include(fixed.text, "2 rows = 2 created + 0 rejected")
    assert.lengthOf(test.created(), 4)
    for (const { posts } of test.sandbox.ledger()) assert.strictEqual(posts, 1)
  })

  it("sends nothing after a no, and leaves no run", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(3)))
    const { code, text } = await session(test, ["import", "a.csv"], ["[y/N]", "n"])
    assert.strictEqual(code, 0)
    assert.include(text, "nothing was sent")
    assert.strictEqual(test.requests(), 0)
    assert.include((await test.run(["runs"])).stderr, "there are no runs")
  })

  it("draws three lines in place while it sends, and removes them", async () => {
    await using test = await importing({ limit: 20, windowMs: 1_000 })
    test.write("a.csv", csv(...people(60)))
    const { code, raw } = await session(test, ["import", "a.csv", "--yes"])
    assert.strictEqual(code, 0, raw)
    const drawn = raw.split("\r\u001b[2K\u001b[1A\u001b[2K\u001b[1A\u001b[2K")
    const shown = drawn.slice(1).find((one) => one.includes("█")) ?? ""
    const [headline = "", , counts = ""] = shown.split("\r\n")
    assert.match(headline, /Importing a\.csv → 127\.0\.0\.1:\d+ {3}\d+\/60 {2}\d+ %/)
    assert.match(counts, /^ {2}✔ \d+ created {2}↷ 0 already {2}✖ 0 rejected {2}\? 0 unknown/)
    assert.match(drawn.at(-1) ?? "", /^Done in /)
  })

  it("counts down after a 429", async () => {
    await using test = await importing()
    test.write("a.csv", csv("Ana,429-6s-x1@sandbox.test,,", ...people(3)))
    const { code, text } = await session(test, ["import", "a.csv", "--yes"])
    assert.strictEqual(code, 0, text)
    assert.match(text, /⏸ rate limited, resuming in [1-6]s {3}1 × 429/)
  })

  it("stops at Ctrl-C, and says what it waits for", async () => {
    await using test = await importing()
    test.write("a.csv", csv("Ana,slow-10s@sandbox.test,,", ...people(2)))
    const running = started(test, ["import", "a.csv", "--yes"])
    await running.until(({ stdout }) => stdout.includes("✔ 2 created"))
    running.child.stdin.write("\u0003")
    await running.until(({ stdout }) =>
      /Stopping: waiting for (?:1 request|the requests in flight) \(Ctrl-C again/.test(stdout),
    )
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 130, stdout)
    assert.include(stdout, "3 rows = 3 created")
  })

  it("continues a run that it finds, by default", async () => {
    await using test = await importing()
    test.write("a.csv", csv(...people(5)))
    await test.run(["import", "a.csv", "--yes", "--limit", "2"])
    const { code, text } = await session(test, ["import", "a.csv"], ["[Y/n]", ""])
    assert.strictEqual(code, 0, text)
    assert.match(
      text,
      /Found run r_\w{4} of this file: 2 of 5 rows already exist; they are skipped\./,
    )
    assert.include(text, "5 rows = 3 created + 2 already there")
  })

  it("asks whether the line that it found is the header", async () => {
    await using test = await importing()
    test.write("a.csv", `Export\n\n${csv(...people(2))}`)
    const { code, text } = await session(
      test,
      ["import", "a.csv"],
      ["Is line 3 the header", "y"],
      ["[y/N]", "y"],
    )
    assert.strictEqual(code, 0, text)
    assert.lengthOf(test.created(), 2)
  })
})

describe.concurrent("aelyst import, in a terminal", () => {
  importEnds(["terminal"])
})
