import { sharedLimit as onPostgres } from "@aelyst/journal/shared-limit"
import { Aelyst } from "@aelyst/node"
import { sharedLimit as onRedis } from "@aelyst/redis"
import { RedisPacerStore } from "@aelyst/redis/effect"

if (typeof RedisPacerStore.layer !== "function") throw new Error("no layer")
// there is no server: each limit does without it
const away = () => Promise.reject(new Error("ECONNREFUSED"))
for (const [name, shared] of [
  ["redis", onRedis({ sendCommand: away, instances: 2 })],
  ["postgres", onPostgres({ query: away, instances: 2 })],
]) {
  const aelyst = new Aelyst({ rateLimit: { shared } })
  await aelyst.contacts.create(`id:shared-${name}-import`, { firstName: "Shared" })
  if (aelyst.rateLimit.shared !== "alone") throw new Error(`${name} is ${aelyst.rateLimit.shared}`)
  await aelyst.close()
}
