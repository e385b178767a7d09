// Loads the copy for `import` and the copy for `require` in one process: they know each other's errors and share a pace.
import { createRequire } from "node:module"
import * as forImport from "@aelyst/node"

const forRequire = createRequire(import.meta.url)("@aelyst/node")
const check = (holds, what) => {
  if (!holds) throw new Error(what)
}
check(forImport.Aelyst !== forRequire.Aelyst, "there is one copy, so this proves nothing")

for (const [one, other] of [
  [forImport, forRequire],
  [forRequire, forImport],
]) {
  const error = new one.RateLimitError({ attempts: [], retryAfterMs: 5 })
  check(error instanceof other.RateLimitError, "instanceof does not know the other copy's error")
  check(!(error instanceof other.BadRequestError), "instanceof takes one error for another")
  check(other.isAelystError(error), "isAelystError does not know the other copy's error")
}

const [a, b] = [new forImport.Aelyst(), new forRequire.Aelyst()]
check(b.rateLimit.observedAt === undefined, "the copy for require has asked something")
await a.contacts.create("id:copies-import", { firstName: "Copies" })
check(b.rateLimit.observedAt !== undefined, "the copy for require does not know the limit")
check(b.rateLimit.limit === a.rateLimit.limit, "the copies know two limits")
await b.contacts.create("id:copies-require", { firstName: "Copies" })
const again = await b.contacts.create("id:copies-import", { firstName: "Copies" }).catch((e) => e)
check(again instanceof forImport.BadRequestError, "an error of a call is not known")
await Promise.all([a.close(), b.close()])
