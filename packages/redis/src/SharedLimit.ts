/** One rate limit for all processes, in a Redis server, through the user's own client. */
import { createHash } from "node:crypto"

import type { StoreExchange, StoreReply } from "@aelyst/core/shared-store"
import { OptionError, makeSharedStore } from "@aelyst/core/shared-store"
import type { SharedRateLimitStore } from "@aelyst/core/types"

/**
 * Sends one command and resolves to its reply. `key` is the key that the command touches, for clients of a cluster that
 * must know it.
 */
export type SendCommand = (
  command: [name: string, ...parameters: Array<string>],
  key: string,
) => Promise<unknown>

/** The options of a shared limit. */
export interface SharedLimitOptions {
  /** Sends a command to the server, such as `(command) => redis.sendCommand(command)` with node-redis. */
  readonly sendCommand: SendCommand
  /**
   * How many processes share the limit, at least 1. While the server does not reply, each of them uses that part of it, so
   * count those of a deploy too, when old and new ones run at a time.
   */
  readonly instances: number
}

// One atomic step. A command that the client kept until the process had stopped waiting for it is too late to write.
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local found = redis.pcall('HMGET', KEYS[1], 'v', 's')
local isOther = found.err and string.find(found.err, 'WRONGTYPE', 1, true)
if found.err and not isOther then return found end
local version = found[1] or ''
local other = {'aelyst', 0, string.format('%.3f', now), version, found[2] or ''}
if version ~= ARGV[1] then return other end
if ARGV[2] then
  if now > tonumber(ARGV[4]) then return other end
  if isOther then redis.call('DEL', KEYS[1]) end
  redis.call('HSET', KEYS[1], 'v', ARGV[2], 's', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], 3600000)
end
return {'aelyst', 1, other[3]}
`
const sha = createHash("sha1").update(script).digest("hex")

/**
 * Creates the store of a limit that processes share, for `rateLimit: { shared }` of a client.
 *
 * It needs nothing of Redis but `EVALSHA` and `EVAL`, and keeps two hashes for each token and origin, for an hour, under
 * keys that do not contain the token. While the server does not answer, each process continues with its part of the
 * limit. Throws a `TypeError` with `code: "ERR_AELYST_CONFIG"` if an option is wrong; the first call rejects with one if
 * the server is no Redis.
 */
export const sharedLimit = ({
  instances,
  sendCommand,
}: SharedLimitOptions): SharedRateLimitStore => {
  if (typeof sendCommand !== "function") {
    throw new OptionError("sendCommand", "must be a function that sends a command to Redis")
  }
  const exchange: StoreExchange = async (key, expected, write) => {
    const written = write && [write.version, write.text, String(write.notAfter)]
    const parameters = ["1", key, expected, ...(written ?? [])]
    try {
      return replyOf(await sendCommand(["EVALSHA", sha, ...parameters], key))
    } catch (error) {
      if (!isAbout(error, "NOSCRIPT")) throw isAbout(error, "unknown command") ? noRedis() : error
      return replyOf(await sendCommand(["EVAL", script, ...parameters], key))
    }
  }
  return makeSharedStore(exchange, instances)
}

const replyOf = (reply: unknown): StoreReply => {
  const [mark, matched, now, version = "", text = ""] = Array.isArray(reply)
    ? reply.map(String)
    : []
  if (mark !== "aelyst") throw noRedis()
  return { matched: matched === "1", now: Number(now), version, text }
}

const isAbout = (error: unknown, words: string): boolean =>
  error instanceof Error && error.message.includes(words)

const noRedis = (): OptionError =>
  new OptionError("sendCommand", "must return the replies of a Redis server that has EVALSHA")
