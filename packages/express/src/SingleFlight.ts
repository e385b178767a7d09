/**
 * Creates that are under way, per client: the same contact sent twice is sent once, and what waits behind another
 * create of the same contact is bounded. That two requests for one contact are never in flight together is the
 * client's own promise.
 */
import type { Aelyst, ContactInput, CreateResult, IdentifierInput } from "@aelyst/node"

import { Refusal } from "./RequestError.ts"

/** How many creates may wait behind another of the same contact. */
const MAX_BEHIND = 100

const fingerprint = (contact: ContactInput): string | undefined => {
  try {
    return JSON.stringify(contact)
  } catch {
    // what cannot be written cannot be compared; the client will say what is wrong with it
    return undefined
  }
}

class Flights {
  readonly #client: Aelyst
  readonly #byKey = new Map<string, Map<unknown, Promise<CreateResult>>>()
  #behind = 0

  constructor(client: Aelyst) {
    this.#client = client
  }

  join(identifier: string, contact: ContactInput, onCreated: (created: CreateResult) => void) {
    const print = fingerprint(contact)
    // a map without types may give anything; the client says what is wrong with it
    const key = String(identifier).toLowerCase()
    const same = this.#byKey.get(key)
    // the identifier as written: two spellings of one domain are two payloads
    const name: unknown = print === undefined ? Symbol("unique") : `${String(identifier)}\n${print}`
    const joined = same?.get(name)
    if (joined !== undefined) return joined
    const waits = same !== undefined
    if (waits && this.#behind >= MAX_BEHIND) {
      return Promise.reject(new Refusal("busy", { retryAfterMs: 1_000 }))
    }
    const flights = same ?? new Map<unknown, Promise<CreateResult>>()
    if (!waits) this.#byKey.set(key, flights)
    else this.#behind++
    const flight = this.#create(identifier, contact, onCreated).finally(() => {
      flights.delete(name)
      if (waits) this.#behind--
      if (flights.size === 0) this.#byKey.delete(key)
    })
    flights.set(name, flight)
    return flight
  }

  async #create(
    identifier: string,
    contact: ContactInput,
    onCreated: (created: CreateResult) => void,
  ): Promise<CreateResult> {
    // safe: the client checks the identifier, and says what is wrong with it
    const created = await this.#client.contacts.create(identifier as IdentifierInput, contact)
    onCreated(created)
    return created
  }
}

const flightsOf = new WeakMap<Aelyst, Flights>()

/**
 * Creates a contact, or joins the create of the same contact that is under way; then `onCreated` is called for the
 * first alone. A visitor who leaves aborts nothing.
 */
export const create = (
  client: Aelyst,
  identifier: string,
  contact: ContactInput,
  onCreated: (created: CreateResult) => void,
): Promise<CreateResult> => {
  let flights = flightsOf.get(client)
  if (flights === undefined) flightsOf.set(client, (flights = new Flights(client)))
  return flights.join(identifier, contact, onCreated)
}
