/// <reference types="@aelyst/express/env" />
// Compiled, not run: the types of the packages for both module formats. Only those of Node.js and Express are installed too.
import type { CreateContactOptions } from "@aelyst/express"
import { aelyst, aelystErrors, createContact, getAelyst } from "@aelyst/express"
import type { CreateResult, Identifier } from "@aelyst/node"
import { Aelyst, RateLimitError, customFields, email, isAelystError } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import type { SandboxOptions } from "@aelyst/sandbox"
import { play, variants } from "@aelyst/sandbox/scenarios"
import type { ScenarioClient } from "@aelyst/sandbox/scenarios"
import express from "express"

const settings: SandboxOptions = { limit: 10 }
const fields = customFields.define({ Age: "number" })

export const main = async (): Promise<CreateResult | number> => {
  const sandbox = await Sandbox.start(settings)
  const client = new Aelyst({
    baseUrl: sandbox.baseUrl,
    token: sandbox.tokens.ok,
    customFields: fields,
  })
  const identifier: Identifier = email("ana@example.com")
  try {
    return await client.contacts.create(identifier, { firstName: "Ana", customFields: { Age: 5 } })
  } catch (error) {
    if (error instanceof RateLimitError) return error.retryAfterMs ?? 0
    if (isAelystError(error)) return error.attempts.length
    throw error
  } finally {
    await client.close()
    await sandbox.close()
  }
}
export const scenario = async (sandbox: Sandbox, client: ScenarioClient) => {
  for (const variant of variants) await play(variant, sandbox, client)
}
const options: CreateContactOptions = { identifyBy: ["email"] }
const app = express()
app.use(express.json(), aelyst())
app.post("/signup", createContact(options), (req) => {
  const one: Aelyst = req.aelyst
  const other: Aelyst = getAelyst(req)
  return [one, other]
})
app.use(aelystErrors())
// @ts-expect-error firstName is required
export const wrong = (client: Aelyst) => client.contacts.create("id:types", { lastName: "Types" })
