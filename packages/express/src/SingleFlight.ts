/**
 * Creates that are in flight, per client: the same contact submitted twice is sent once, and the number of creates that
 * wait for another of the same contact is bounded. The client itself never sends two requests for one contact at once.
 */
import type {
  Aelyst,
  ContactInput,
  CreateOptions,
  CreateResult,
  IdentifierInput,
} from "@aelyst/node"

import { RequestError } from "./RequestError.ts"

/** How many creates may wait for another create of the same contact, per client. */
const MAX_WAITING = 100

type Existing = NonNullable<CreateOptions["existing"]>
type OnCreated = (created: CreateResult) => void

const fingerprintOf = (contact: ContactInput): string | undefined => {
  try {
    return JSON.stringify(contact)
  } catch {
    // what JSON cannot hold cannot be compared; the client says what is wrong with it
    return undefined
  }
}

class InFlight {
  readonly #client: Aelyst
  readonly #byContact = new Map<string, Map<unknown, Promise<CreateResult>>>()
  #waiting = 0

  constructor(client: Aelyst) {
    this.#client = client
  }

  join(
    identifier: string,
    contact: ContactInput,
    existing: Existing,
    onCreated: OnCreated,
  ): Promise<CreateResult> {
    const fingerprint = fingerprintOf(contact)
    // a map without types may return anything; the client says what is wrong with it
    const key = String(identifier).toLowerCase()
    const same = this.#byContact.get(key)
    // the identifier as written: two spellings of one domain are two payloads
    const payload: unknown =
      fingerprint === undefined
        ? Symbol("unique")
        : `${existing}\n${String(identifier)}\n${fingerprint}`
    const joined = same?.get(payload)
    if (joined !== undefined) return joined
    const waits = same !== undefined
    if (waits && this.#waiting >= MAX_WAITING)
      return Promise.reject(new RequestError("busy", { retryAfterMs: 1_000 }))
    const creates = same ?? new Map<unknown, Promise<CreateResult>>()
    if (waits) this.#waiting++
    else this.#byContact.set(key, creates)
    const create = this.#create(identifier, contact, existing, onCreated).finally(() => {
      creates.delete(payload)
      if (waits) this.#waiting--
      if (creates.size === 0) this.#byContact.delete(key)
    })
    creates.set(payload, create)
    return create
  }

  async #create(
    identifier: string,
    contact: ContactInput,
    existing: Existing,
    onCreated: OnCreated,
  ): Promise<CreateResult> {
    // safe: the client checks the identifier and says what is wrong with it
    const id = identifier as IdentifierInput
    const created = await this.#client.contacts.create(id, contact, { existing })
    onCreated(created)
    return created
  }
}

const inFlightOf = new WeakMap<Aelyst, InFlight>()

/**
 * Creates a contact, or joins the create of the same contact that is in flight. Calls `onCreated` for the first caller
 * only. A visitor who leaves aborts nothing.
 */
export const create = (
  client: Aelyst,
  identifier: string,
  contact: ContactInput,
  existing: Existing,
  onCreated: OnCreated,
): Promise<CreateResult> => {
  let inFlight = inFlightOf.get(client)
  if (inFlight === undefined) inFlightOf.set(client, (inFlight = new InFlight(client)))
  return inFlight.join(identifier, contact, existing, onCreated)
}
