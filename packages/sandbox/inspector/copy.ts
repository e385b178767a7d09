/** Copies a request, to send it again or to turn it into a test. */
import type { SandboxRequest } from "../src/api/types.ts"
import { attempt, toast } from "./dom.ts"
import { isSwitch } from "./faults.ts"

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

/** Writes a request as a command for the terminal, as an `aelyst` command, or as a test. */
const written = (form: Form, request: SandboxRequest): string => {
  const { body, fault, identifier = "", method, path } = request
  if (form === "curl") {
    return [
      `curl --request ${method} ${quoted(location.origin + path)}`,
      `--header "Authorization: Bearer \${AELYST_TOKEN:-sandbox_ok}"`,
      `--header 'Content-Type: application/json'`,
      `--data ${quoted(body)}`,
    ].join(" \\\n  ")
  }
  const command = `AELYST_BASE_URL=${quoted(`${location.origin}/v1`)} AELYST_TOKEN="\${AELYST_TOKEN:-sandbox_ok}" \\\n  aelyst create`
  if (form === "CLI") return `${command} ${quoted(identifier)} --data ${quoted(body)}`
  const contact = parsed(body)
  return `import assert from "node:assert/strict"
import { test } from "node:test"
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"

test("creates the contact", async () => {
  const sandbox = await Sandbox.start()
${isSwitch(fault) ? `  sandbox.fail({ preset: ${JSON.stringify(fault)} })\n` : ""}  const aelyst = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok })
  const contact = ${contact === undefined ? "{}" : JSON.stringify(contact, null, 2).replaceAll("\n", "\n  ")}
  const { result } = await aelyst.contacts.create(${JSON.stringify(identifier)}, contact)
  assert.equal(result, "created")
  await aelyst.close()
  await sandbox.close()
})
`
}

/** Copies a request to the clipboard. */
export const copy = (form: Form, request: SandboxRequest): void =>
  attempt(async () => {
    await navigator.clipboard.writeText(written(form, request))
    toast(`Copied as ${form}`)
  })
