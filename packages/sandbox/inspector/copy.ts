/** Copies a request, to send it again or to turn it into a test. */
import type { SandboxRequest } from "../src/api/types.ts"
import { copyText } from "./dom.ts"
import { isPreset } from "./faults.ts"
import { kindOf, reasonOf } from "./kind.ts"

/** The forms in which a request can be copied. */
export const forms = ["curl", "CLI", "SDK"] as const
type Form = (typeof forms)[number]

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Names the token that gets the same response; others than the sandbox's own are not known. */
const tokenOf = (token: string): string =>
  token.startsWith("sandbox_")
    ? token
    : token === "none" || token === "unknown"
      ? "sandbox_401"
      : "sandbox_ok"

/** Returns the statements that make a new sandbox respond in the same way; `undefined` if none do for certain. */
const preparation = ({
  fault,
  phase,
  result,
  status = 0,
}: SandboxRequest): ReadonlyArray<string> | undefined => {
  if (isPreset(fault)) return [`sandbox.fail({ preset: ${JSON.stringify(fault)} })`]
  if (status >= 300 && (fault !== undefined || status === 429))
    return [`sandbox.fail({ status: ${status}, commit: ${result !== undefined} })`]
  if (fault !== undefined || phase !== "responded") return undefined
  if (result === "existed") return ["await aelyst.contacts.create(identifier, contact)"]
  // others are about the request itself, and the SDK would send a different one
  return result !== undefined || status === 401 ? [] : undefined
}

const test = (request: SandboxRequest): string => {
  const { body, fault, identifier = "", phase, result, status = 0, token } = request
  const isCreated = kindOf(request) === "ok" && fault === undefined
  const prepared = preparation(request)
  const statements = [
    "const sandbox = await Sandbox.start()",
    `const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token: ${JSON.stringify(tokenOf(token))}, retries: 0 })`,
    `const identifier = ${JSON.stringify(identifier)}`,
    `const contact = ${JSON.stringify(parsed(body) ?? {}, null, 2).replaceAll("\n", "\n  ")}`,
    ...(prepared ?? []),
    "const tried = await aelyst.contacts.tryCreate(identifier, contact)",
    ...(isCreated
      ? ["assert.equal(tried.ok, true)"]
      : [`// the sandbox's response was: ${[status || phase, reasonOf(request)].join(" ")}`]),
    ...(prepared === undefined
      ? ["console.log(tried.ok ? tried.value.result : tried.error.name)"]
      : [
          ...(status >= 300 ? ["assert.equal(tried.ok, false)"] : []),
          `assert.equal(sandbox.contacts().length, ${result === undefined ? 0 : 1})`,
        ]),
    "await aelyst.close()",
    "await sandbox.close()",
  ]
  return `import assert from "node:assert/strict"
import { test } from "node:test"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"

test("${isCreated ? "creates the contact" : "handles the response"}", async () => {
${statements.map((statement) => `  ${statement}\n`).join("")}})
`
}

/** Writes a request as a command for the terminal, as an `aelyst` command, or as a test. */
const written = (form: Form, request: SandboxRequest): string => {
  const { body, headers, identifier = "", method, path, token } = request
  const given = `\${AELYST_TOKEN:-${tokenOf(token)}}`
  if (form === "curl") {
    const fault = headers["x-sandbox"]
    return [
      `curl --request ${method} ${quoted(location.origin + path)}`,
      `--header "Authorization: Bearer ${given}"`,
      `--header 'Content-Type: application/json'`,
      ...(typeof fault === "string" ? [`--header ${quoted(`X-Sandbox: ${fault}`)}`] : []),
      `--data ${quoted(body)}`,
    ].join(" \\\n  ")
  }
  if (form === "SDK") return test(request)
  return `AELYST_BASE_URL=${quoted(`${location.origin}/v1`)} AELYST_TOKEN="${given}" \\\n  aelyst create ${quoted(identifier)} --data ${quoted(body)}`
}

/** Copies a request to the clipboard. */
export const copy = (form: Form, request: SandboxRequest): void =>
  copyText(written(form, request), `as ${form}`)
