import { writeFileSync } from "node:fs"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"

import { Home, Running, aelyst, bin } from "../process.ts"

/** Returns what bash offers for the last word of a line. */
const offered = async (line: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  using home = new Home()
  const { stdout: script } = await aelyst(["completions", "bash"])
  writeFileSync(join(home.path, "completion.bash"), script)
  writeFileSync(join(home.path, "token.txt"), "")
  writeFileSync(join(home.path, "leads.csv"), "First Name,Mobile\nAna,+60123456789\n")
  writeFileSync(
    join(home.path, "aelyst"),
    `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`,
    {
      mode: 0o755,
    },
  )
  const words = line.map((word) => `'${word}'`).join(" ")
  const program = `
    PATH=".:$PATH"
    source ./completion.bash
    COMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}
    COMP_LINE='${line.join(" ")}'; COMP_POINT=\${#COMP_LINE}
    function_name=$(complete -p aelyst | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    compopt() { :; }
    "$function_name" aelyst '${line.at(-1)}' '${line.at(-2)}'
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await new Running("bash", ["-c", program], { cwd: home.path }).ended
  return stdout
    .split("\n")
    .map((word) => word.trim())
    .filter((word) => word !== "")
}

describe("bash", () => {
  it("U24 completes the values of flags, settings and codes, files, and the sandbox", async () => {
    const cases = [
      [["aelyst", "create", "--delivery", ""], "natural-key"],
      [["aelyst", "config", "set", "ti"], "timeout"],
      [["aelyst", "errors", "EMAIL"], "EMAIL_INVALID"],
      [["aelyst", "sandbox", "fau"], "fault"],
      [["aelyst", "sandbox", "start", "--limiter", "gc"], "gcra"],
      [["aelyst", "create", "--token-file", "tok"], "token.txt"],
      [["aelyst", "import", "lea"], "leads.csv"],
      [["aelyst", "import", "--map-file", "lea"], "leads.csv"],
      [["aelyst", "import", "--on-duplicate", "l"], "last"],
      [["aelyst", "import", "leads.csv", "--ignore", "Mo"], "Mobile"],
      [["aelyst", "import", "leads.csv", "--custom", "Fi"], "First\\ Name"],
      [["aelyst", "import", "leads.csv", "--map", "pho"], "phone="],
      [["aelyst", "import", "leads.csv", "--map", "phone=Mo"], "phone=Mobile"],
      [["aelyst", "runs", "resolve", "r_7Q2F", "--as", "send"], "send-again"],
    ] as const
    for (const [line, word] of cases) assert.include(await offered(line), word, line.join(" "))
  })
})
