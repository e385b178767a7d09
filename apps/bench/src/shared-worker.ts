/** One of several processes that share a limit with a client of another library; run by `Fleet`. */
import type { WorkerInput } from "@aelyst-apps/conformance/shared/Worker"
import { input, work } from "@aelyst-apps/conformance/shared/Worker"

import type { Rate } from "./pacing-clients.ts"
import { sharedClients } from "./shared-clients.ts"

/** The input of the process, in addition to its number and its tasks. */
export interface SharedGiven {
  readonly client: string
  readonly rate: Rate
  readonly redisUrl: string
}

const { client, rate, redisUrl, ...given } = input<WorkerInput & SharedGiven>()
const make = sharedClients[client]
if (make === undefined) throw new Error(`no such client: ${client}`)
const clients = new Map(
  await Promise.all(
    given.tasks.map(async ({ baseUrl }) => [baseUrl, await make(baseUrl, rate, redisUrl)] as const),
  ),
)

await work(given, {
  open: ({ baseUrl }) => {
    const paced = clients.get(baseUrl)
    if (paced === undefined) throw new Error("a task without a client")
    return { create: (identifier) => paced.create(identifier.slice(3)), close: paced.close }
  },
  roundTrips: () => 0,
  close: async () => undefined,
})
