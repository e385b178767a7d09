/** Every end that an import can have, in a terminal, a pipe and CI: exit code, streams, and no secret in any of them. */
import { stripVTControlCharacters } from "node:util"

import { assert, it } from "@effect/vitest"

import * as Ports from "../../../apps/conformance/src/network/Ports.ts"
import { csv, importing } from "./importing.ts"
import { inside } from "./inside.ts"
import type { Mode } from "./matrix.ts"
import { aelyst, inTerminal } from "./process.ts"

const token = "canary_token_Zx81qQ"

interface End {
  readonly name: string
  readonly code: number
  readonly email?: string
  readonly flags?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Whether `--yes` is left out. */
  readonly isAsked?: boolean
  /** Whether the server is down. */
  readonly isDown?: boolean
  /** Shown on stderr. */
  readonly says: string
}

const ends: ReadonlyArray<End> = [
  { name: "ok", code: 0, says: "1 row = 1 created" },
  { name: "400", code: 9, email: "400@sandbox.test", says: "1 rejected" },
  { name: "401", code: 10, env: { AELYST_TOKEN: "sandbox_401" }, says: "rejected the token (401)" },
  {
    name: "429, and no time to wait",
    code: 10,
    email: "429-30s@sandbox.test",
    flags: ["--max-wait", "1s"],
    says: "1 not sent",
  },
  {
    name: "500",
    code: 9,
    email: "500@sandbox.test",
    flags: ["--delivery", "at-most-once"],
    says: "1 unknown",
  },
  { name: "server down", code: 10, isDown: true, flags: ["--deadline", "1s"], says: "1 not sent" },
  { name: "no token", code: 4, env: { AELYST_TOKEN: "" }, says: "[TOKEN_MISSING]" },
  {
    name: "bad flag",
    code: 2,
    flags: ["--on-duplciate=last"],
    says: "Did you mean --on-duplicate?",
  },
  { name: "no confirmation", code: 2, isAsked: true, flags: ["--no-input"], says: "add --yes" },
]

const run = { terminal: inTerminal, pipe: aelyst, CI: aelyst, process: inside } as const

/** Registers the tests of the ends in these modes. */
export const importEnds = (modes: ReadonlyArray<Mode>): void => {
  for (const mode of modes) {
    for (const end of ends) {
      const {
        code,
        email = "zebedee@example.com",
        env = {},
        flags = [],
        isAsked = false,
        isDown = false,
      } = end
      it(`ends with ${code} in ${mode}: ${end.name}`, async () => {
        await using test = await importing({ extraTokens: { [token]: {} } })
        test.write("a.csv", csv(`Zebedee,${email},,`))
        const down = isDown ? { AELYST_BASE_URL: `http://127.0.0.1:${await Ports.own()}/v1` } : {}
        const ci = mode === "CI" ? { CI: "true" } : {}
        const ended = await run[mode](
          ["import", "a.csv", ...(isAsked ? [] : ["--yes"]), ...flags],
          {
            cwd: test.home.path,
            env: { ...test.env, AELYST_TOKEN: token, ...ci, ...down, ...env },
          },
        )
        assert.strictEqual(ended.code, code, ended.stdout + ended.stderr)
        const all = stripVTControlCharacters(ended.stdout + ended.stderr)
        assert.include(all, end.says)
        if (mode !== "terminal") {
          assert.strictEqual(ended.stdout, "")
          assert.notInclude(ended.stderr, "\u001b")
          for (const value of ["Zebedee", email]) assert.notInclude(all, value)
        }
        for (const secret of [token, "sandbox_401"]) assert.notInclude(all, secret)
        assert.notMatch(all, /^ +at /m, "a stack")
      })
    }
  }
}
