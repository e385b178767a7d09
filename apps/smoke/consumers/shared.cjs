const { sharedLimit: onPostgres } = require("@aelyst/journal/shared-limit")
const { Aelyst } = require("@aelyst/node")
const { sharedLimit: onRedis } = require("@aelyst/redis")

// there is no server: each limit does without it
const away = () => Promise.reject(new Error("ECONNREFUSED"))
const main = async () => {
  for (const [name, shared] of [
    ["redis", onRedis({ sendCommand: away, instances: 2 })],
    ["postgres", onPostgres({ query: away, instances: 2 })],
  ]) {
    const aelyst = new Aelyst({ rateLimit: { shared } })
    await aelyst.contacts.create(`id:shared-${name}-require`, { firstName: "Shared" })
    if (aelyst.rateLimit.shared !== "alone") throw new Error(`${name} is not alone`)
    await aelyst.close()
  }
}
void main()
