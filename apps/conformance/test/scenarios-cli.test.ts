/** Runs the table of scenarios over the built command, one process per variant. */
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import type { ScenarioReport } from "@aelyst/sandbox/scenarios"
import { scenarios } from "@aelyst/sandbox/scenarios"
import { afterAll } from "vitest"

import { runScenarios } from "./scenarios.ts"

const bin = fileURLToPath(new URL("../../../packages/cli/dist/bin.js", import.meta.url))
const home = mkdtempSync(join(tmpdir(), "aelyst-scenarios-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const names: Readonly<Record<string, string>> = {
  UNAUTHORIZED: "AuthenticationError",
  API_REJECTED: "BadRequestError",
  CONTACT_EXISTS: "BadRequestError",
  RATE_LIMITED: "RateLimitError",
  NOT_SENT: "UnavailableError",
  SERVER_ERROR: "InternalServerError",
  UNEXPECTED_RESPONSE: "UnexpectedResponseError",
  NETWORK: "ConnectionError",
  OUTCOME_UNKNOWN: "OutcomeUnknownError",
}

interface Printed {
  readonly result?: string
  readonly error?: { readonly code: string; readonly outcome: string }
}

const read = (text: string): ScenarioReport => {
  // safe: any other output differs from every row of the table
  const { error, result = "nothing" } = JSON.parse(text) as Printed
  if (error === undefined) return { result }
  // an invalid contact has the code of the rule that it breaks
  return { error: { name: names[error.code] ?? "InvalidContactError", outcome: error.outcome } }
}

const aelyst = (args: ReadonlyArray<string>, env: Record<string, string>): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { env, cwd: home }, (_, stdout, stderr) =>
      resolve(stdout === "" ? stderr : stdout),
    )
  })

// processes are slow: variants that differ only for the server are left out
const differs = new Set(
  scenarios
    .filter(({ expected }) => expected["at-most-once"] !== expected["natural-key"])
    .map(({ name }) => name),
)

runScenarios({
  name: "the command",
  takes: ({ delivery, existing, exists, name }) =>
    delivery === "at-most-once" || (differs.has(name) && (existing === "reject" || exists)),
  connect: async ({ client, token }, { baseUrl }) => ({
    create: async (identifier, contact, { delivery }) => {
      const { maxWaitMs, retries, timeoutMs } = client
      const printed = await aelyst(
        [
          "create",
          identifier,
          "--json",
          `--data=${JSON.stringify(contact)}`,
          `--delivery=${delivery}`,
          `--retries=${retries}`,
          `--timeout=${timeoutMs}ms`,
          `--max-wait=${maxWaitMs}ms`,
        ],
        { HOME: home, AELYST_BASE_URL: baseUrl, AELYST_TOKEN: token },
      )
      return read(printed)
    },
    close: async () => undefined,
  }),
})
