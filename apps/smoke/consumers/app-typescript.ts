import { Aelyst, contactId, isAelystError } from "@aelyst/node"
import type { CreateResult } from "@aelyst/node"

await using aelyst = new Aelyst({
  rateLimit: false,
  hooks: { onWait: ({ reason }) => void reason },
})
try {
  const created: CreateResult = await aelyst.contacts.create(contactId("app-typescript"), {
    firstName: "TypeScript",
    customFields: { Age: 41 },
  })
  if (created.result !== "created") throw new Error(created.result)
} catch (error) {
  if (isAelystError(error) && error.name === "RateLimitError") console.error(error.retryAfterMs)
  throw error
}
