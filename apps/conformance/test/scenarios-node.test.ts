/** Runs the table of scenarios over the Promise SDK. */
import { Aelyst, isAelystError } from "@aelyst/node"

import { failed, runScenarios } from "./scenarios.ts"

runScenarios({
  name: "@aelyst/node",
  connect: async ({ client, token }, { baseUrl }) => {
    const aelyst = new Aelyst({ baseUrl, token, ...client })
    return {
      create: async (identifier, contact, { delivery }) => {
        const options = { delivery }
        try {
          // safe: some identifiers of the table are invalid on purpose
          const named = identifier as `id:${string}`
          const { result } = await aelyst.contacts.create(named, contact, options)
          return { result }
        } catch (error) {
          if (!isAelystError(error)) throw error
          return failed(error)
        }
      },
      close: () => aelyst.close({ timeoutMs: 0 }),
    }
  },
})
