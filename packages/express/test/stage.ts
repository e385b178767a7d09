/** A sandbox and a client of it for the tests of one file; the sandbox is empty before each test. */
import { Aelyst } from "@aelyst/node"
import { Sandbox } from "@aelyst/sandbox"
import { afterAll, beforeEach } from "vitest"

export const ana = { firstName: "Ana", email: "ana@example.com" }
export const versionCells = [{ version: 5 }, { version: 4 }] as const

/** Starts both, and closes them after the tests of the file. */
export const openStage = async (): Promise<{
  readonly sandbox: Sandbox
  readonly client: Aelyst
}> => {
  const sandbox = await Sandbox.start({ limit: 10_000 })
  const client = new Aelyst({ baseUrl: sandbox.baseUrl, token: sandbox.tokens.ok, retries: 0 })
  beforeEach(() => sandbox.reset())
  afterAll(async () => {
    await client.close()
    await sandbox.close()
  })
  return { sandbox, client }
}
